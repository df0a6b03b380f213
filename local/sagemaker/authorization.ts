import { postJson } from "./http";
import { AwsError } from "./protocol/errors";

/** A request as it arrived: the signature covers all of it. */
export interface SignedRequest {
  method: string;
  /** As on the wire, percent-encoded. */
  path: string;
  query: Record<string, string[]>;
  headers: Record<string, string>;
  body: Uint8Array;
}

interface Decision {
  allowed: boolean;
  /** In base64. */
  signingKey?: string;
  code?: string;
  message?: string;
}

// What AWS's JSON services call the failures that MiniStack names as its XML services do.
const jsonCodes: Record<string, string> = {
  InvalidClientTokenId: "UnrecognizedClientException",
  InvalidToken: "UnrecognizedClientException",
  SignatureDoesNotMatch: "InvalidSignatureException",
  IncompleteSignature: "IncompleteSignatureException",
  MissingAuthenticationToken: "MissingAuthenticationTokenException",
  RequestExpired: "ExpiredTokenException",
  ExpiredToken: "ExpiredTokenException",
};

/**
 * Asks the local cloud whether the signer of a request may do `action` (`sagemaker:CreateModel`) on `resource` (an ARN).
 * @returns the signing key of the request's credential, unless the request is signed in an unusual way.
 * @throws AwsError: AccessDeniedException in AWS's words, or why the signature is not accepted.
 */
export async function authorize(
  cloudUrl: string,
  request: SignedRequest,
  action: string,
  resource: string,
  context: Record<string, string> = {},
): Promise<Buffer | undefined> {
  const { method, path, query, headers, body } = request;
  const question = { method, path, query, headers, bodyBase64: Buffer.from(body).toString("base64") };
  const decision = await postJson<Decision>(`${cloudUrl}/_slipway/authorize`, {
    ...question,
    ...{ action, resource, context },
  }).catch((error: Error) => {
    throw new AwsError(
      "ServiceUnavailable",
      `The local cloud cannot be asked for permission: ${error.message}`,
      503,
    );
  });
  if (decision.allowed) return decision.signingKey ? Buffer.from(decision.signingKey, "base64") : undefined;
  const code = decision.code ?? "AccessDeniedException";
  throw new AwsError(jsonCodes[code] ?? code, decision.message ?? "Access denied", 400);
}
