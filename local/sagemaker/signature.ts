import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { SignedRequest } from "./authorization";

/** Of a request whose Authorization header has a Signature Version 4. */
export interface Signature {
  /** Access key, date, region and service: what a signing key is for. */
  credential: string;
  signedHeaders: string[];
  /** In hexadecimal. */
  value: string;
  /** Of the signature, as in the X-Amz-Date header: `20261129T150000Z`. */
  time: string;
}

const header =
  /^AWS4-HMAC-SHA256 Credential=([^, ]+)\/aws4_request, *SignedHeaders=([^, ]+), *Signature=([0-9a-f]{64})$/;

/** AWS accepts signatures of up to this age, and of clocks that are as much ahead. */
const maxSkewMs = 5 * 60_000;

/** The signature in a request's headers, or undefined where it has none of the usual form. */
export function signatureOf({ headers }: SignedRequest): Signature | undefined {
  const [, credential = "", signedHeaders = "", value = ""] = header.exec(headers.authorization ?? "") ?? [];
  const time = headers["x-amz-date"] ?? "";
  return value ? { credential, signedHeaders: signedHeaders.split(";"), value, time } : undefined;
}

/**
 * Whether `signature` is that of this request, now, by the signing key of its credential
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 * False also for what is signed otherwise than plain requests are: with a query, or characters to escape in the path.
 */
export function signed(request: SignedRequest, signature: Signature, signingKey: Buffer): boolean {
  const { method, path, query, headers, body } = request;
  const { credential, signedHeaders, value, time } = signature;
  if (!/^[\w/-]+$/.test(path) || Object.keys(query).length > 0 || !isNow(time)) return false;
  const canonical = [
    ...[method, path, ""],
    ...signedHeaders.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    ...["", signedHeaders.join(";"), sha256(body)],
  ].join("\n");
  const [, ...scope] = credential.split("/");
  const text = ["AWS4-HMAC-SHA256", time, [...scope, "aws4_request"].join("/"), sha256(canonical)].join("\n");
  return timingSafeEqual(createHmac("sha256", signingKey).update(text).digest(), Buffer.from(value, "hex"));
}

function isNow(time: string): boolean {
  const iso = time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  return Math.abs(Date.parse(iso) - Date.now()) <= maxSkewMs; // false for what is no time
}

const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest("hex");
