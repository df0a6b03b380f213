import type { Context } from "hono";
import { randomUUID } from "node:crypto";
import type { SignedRequest } from "../authorization";
import { AwsError } from "./errors";

/** Above what any request may hold: larger ones are not even read. */
const maxBodyBytes = 30 * 1024 * 1024;

/** The request as it arrived. @throws AwsError when it is too large. */
export async function signedRequest(c: Context): Promise<SignedRequest & { body: Buffer }> {
  const length = Number(c.req.header("content-length") ?? 0);
  if (length > maxBodyBytes) {
    throw new AwsError(
      "RequestEntityTooLarge",
      `The request has ${length} bytes, more than the ${maxBodyBytes} allowed.`,
      413,
    );
  }
  const url = new URL(c.req.url);
  const names = [...new Set(url.searchParams.keys())];
  return {
    method: c.req.method,
    path: url.pathname,
    query: Object.fromEntries(names.map((name) => [name, url.searchParams.getAll(name)])),
    headers: c.req.header(),
    body: Buffer.from(await c.req.arrayBuffer()),
  };
}

/** The body's JSON object. @throws AwsError when it is none. */
export function parseBody(body: Buffer): object {
  try {
    const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString());
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // falls through: not JSON
  }
  throw new AwsError("SerializationException", "The body of the request is not a JSON object.");
}

/** An answer of the AWS JSON 1.1 protocol. */
export function awsJson(value: object, status: number, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": randomUUID(), ...headers },
  });
}

/** An error of that protocol. */
export function awsError({ code, message, fields, status }: AwsError, httpStatus = status): Response {
  // SDKs read either spelling; AWS itself uses both, by the error's shape.
  return awsJson({ __type: code, message, Message: message, ...fields }, httpStatus, {
    "x-amzn-errortype": code,
  });
}

/** One line of the access log for each request that a client sent. */
export async function logged(c: Context, next: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await next();
  if (c.req.path.startsWith("/_slipway/")) return;
  const target = c.req.header("x-amz-target") ?? "";
  const refusal = c.res.headers.get("x-amzn-errortype") ?? "";
  const ms = (performance.now() - start).toFixed(1);
  console.log(
    [new Date().toISOString(), c.req.method, c.req.path, target, c.res.status, refusal, `${ms} ms`]
      .filter(Boolean)
      .join(" "),
  );
}
