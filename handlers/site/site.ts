import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import { createHash } from "node:crypto";
import { errorFields, type Log } from "../shared/log";
import { answer, type Problem, problemAnswer, unexpected } from "../shared/problem";
import { header } from "../shared/request";
import { type Health } from "./health";

/** A text that is the same for everybody until the next deployment. */
export interface Document {
  contentType: string;
  body: string;
  etag: string;
  headers?: Record<string, string>;
}

export interface SitePorts {
  /** By the path of their route: `/openapi.json`. */
  documents: Record<string, Document>;
  health(): Promise<Health>;
  log: Log;
}

/** Makes a document, with the ETag that follows from its text. */
export function document(contentType: string, body: string, headers: Record<string, string> = {}): Document {
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { contentType, body, etag, headers };
}

/** Answers what anybody may ask for without a key; never throws. */
export async function answerSite(
  event: APIGatewayProxyEvent,
  ports: SitePorts,
): Promise<APIGatewayProxyResult> {
  const { requestId } = event.requestContext;
  try {
    if (event.resource === "/health") return healthAnswer(await ports.health(), requestId);
    const found = Object.hasOwn(ports.documents, event.resource)
      ? ports.documents[event.resource]
      : undefined;
    return found ? documentAnswer(found, event, requestId) : problemAnswer(notFound, requestId);
  } catch (error) {
    ports.log.error("the request could not be handled", {
      requestId,
      ...errorFields(error),
      trace: (error as Error).stack,
    });
    return problemAnswer(unexpected, requestId);
  }
}

function healthAnswer(health: Health, requestId: string): APIGatewayProxyResult {
  const result = "release" in health ? answer(200, requestId, health) : problemAnswer(health, requestId);
  return { ...result, headers: { ...result.headers, "cache-control": "no-store" } };
}

function documentAnswer(
  { contentType, body, etag, headers }: Document,
  event: APIGatewayProxyEvent,
  requestId: string,
): APIGatewayProxyResult {
  const common = {
    ...{ etag, "cache-control": "public, max-age=60", "x-request-id": requestId },
    ...{ "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", ...headers },
  };
  if (isKnown(etag, header(event.headers, "if-none-match") ?? ""))
    return { statusCode: 304, headers: common, body: "" };
  return { statusCode: 200, headers: { "content-type": contentType, ...common }, body };
}

/** Whether the caller has the text already (RFC 9110: weak comparison, a list or a star). */
const isKnown = (etag: string, ifNoneMatch: string): boolean =>
  ifNoneMatch.split(",").some((tag) => ["*", etag].includes(tag.trim().replace(/^W\//, "")));

const notFound: Problem = {
  status: 404,
  name: "not-found",
  title: "There is nothing at this address",
  detail: "GET openapi.json, beside this address, describes all that there is.",
};
