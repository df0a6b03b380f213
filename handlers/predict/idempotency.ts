import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { errorFields, type Log } from "../shared/log";
import { type Problem } from "../shared/problem";
import { header } from "../shared/request";
import { refuse } from "./refuse";

/** Whose a key is: ours now, or somebody's before. */
export type Claim =
  | { state: "ours" }
  | { state: "running" }
  | { state: "other-request" }
  | { state: "answered"; answer: string };

/** Remembers idempotency keys for a day. A holder is one request; it loses the key when it does not answer in time. */
export interface Claims {
  claim(key: string, requestHash: string, holder: string): Promise<Claim>;
  keep(key: string, holder: string, answer: string): Promise<void>;
  release(key: string, holder: string): Promise<void>;
}

/** An item of DynamoDB holds 400 KB. */
const maxKeptCharacters = 380_000;

/**
 * The answer of `work`; if the request has an Idempotency-Key that was sent before, by the same caller and with the same
 * body, the answer that it got then. Only predictions are kept: after anything else the request may be sent again.
 */
export async function once(
  event: APIGatewayProxyEvent,
  ports: { claims: Claims; log: Log },
  work: () => Promise<APIGatewayProxyResult>,
): Promise<APIGatewayProxyResult> {
  const given = header(event.headers, "idempotency-key");
  if (given === undefined) return work();
  const { claims, log } = ports;
  const { requestId } = event.requestContext;
  if (!/^[!-~]{1,255}$/.test(given)) return refuse(badKey(given), requestId, log);

  const key = sha256(`${header(event.headers, "x-api-key") ?? ""}\n${given}`); // callers cannot meet each other's keys
  let claim: Claim;
  try {
    claim = await claims.claim(key, sha256(event.body ?? ""), requestId);
  } catch (error) {
    return refuse(unknown, requestId, log, errorFields(error));
  }
  if (claim.state === "other-request") return refuse(reused, requestId, log);
  if (claim.state === "running") return refuse(running, requestId, log);
  if (claim.state === "answered") {
    log.info("answered as before");
    return replayed(claim.answer, requestId);
  }
  const result = await work();
  await settle(key, result, requestId, ports);
  return result;
}

/** Keeps an answer, or lets the key go. The caller gets the answer even when that fails: it is right all the same. */
async function settle(
  key: string,
  { statusCode, body }: APIGatewayProxyResult,
  holder: string,
  { claims, log }: { claims: Claims; log: Log },
): Promise<void> {
  try {
    const kept = gzipSync(body).toString("base64");
    if (statusCode === 200 && kept.length <= maxKeptCharacters) await claims.keep(key, holder, kept);
    else await claims.release(key, holder);
  } catch (error) {
    log.error("the idempotency key could not be settled: it is free again in 30 s", errorFields(error));
  }
}

function replayed(kept: string, requestId: string): APIGatewayProxyResult {
  return {
    statusCode: 200,
    headers: {
      "content-type": "application/json",
      "x-request-id": requestId,
      "idempotent-replayed": "true",
    },
    body: gunzipSync(Buffer.from(kept, "base64")).toString(),
  };
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const badKey = (given: string): Problem => ({
  status: 400,
  name: "bad-key",
  title: "The idempotency key cannot be used",
  detail: `The header Idempotency-Key has ${given.length} characters. Send 1 to 255 printable ASCII characters without spaces, such as a UUID.`,
});

const reused: Problem = {
  status: 422,
  name: "key-reused",
  title: "The idempotency key belongs to another request",
  detail:
    "The same Idempotency-Key came with another body within the last 24 hours. Use a new key for a new request.",
};

const running: Problem = {
  status: 409,
  name: "still-running",
  title: "The same request is still being answered",
  detail: "A request with this Idempotency-Key has not been answered yet. Send it again in a few seconds.",
  retryAfter: 2,
};

const unknown: Problem = {
  status: 503,
  name: "no-keys",
  title: "Idempotency keys cannot be looked up just now",
  detail:
    "Nothing was predicted. Nothing is wrong with the request: send it again in a few seconds, or without the key.",
  retryAfter: 5,
};
