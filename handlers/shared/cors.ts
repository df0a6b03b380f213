import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import { type Rule } from "./environment";
import { header } from "./request";

/** What a Lambda's environment says of the origins: `https://a.example,https://b.example`, `*`, or nothing. */
export const originsRule: Rule = {
  pattern: /^$|^\*$|^https?:\/\/[^\s,/]+(,https?:\/\/[^\s,/]+)*$/,
  expected: "origins such as https://example.com with commas between them, * for all, or empty for none",
};

/** Names of the headers that pages may send and read; schemas of the API's answers name the same ones. */
const allowedHeaders = "content-type,x-api-key,idempotency-key";
const exposedHeaders = "x-request-id,retry-after,idempotent-replayed";

/** `result` with the headers by which a browser lets pages of the allowed origins read it. */
export function withCors(
  { headers }: Pick<APIGatewayProxyEvent, "headers">,
  origins: string,
  result: APIGatewayProxyResult,
): APIGatewayProxyResult {
  if (origins === "") return result;
  const allowed = allowedOrigin(headers, origins);
  return {
    ...result,
    headers: {
      ...result.headers,
      vary: "origin",
      ...(allowed && {
        "access-control-allow-origin": allowed,
        "access-control-expose-headers": exposedHeaders,
      }),
    },
  };
}

/** Answers OPTIONS: what pages of the allowed origins may send (https://fetch.spec.whatwg.org/#cors-preflight-fetch). */
export function preflight(
  event: Pick<APIGatewayProxyEvent, "headers">,
  origins: string,
): APIGatewayProxyResult {
  const may = {
    "access-control-allow-methods": "GET,POST,DELETE",
    "access-control-allow-headers": allowedHeaders,
    "access-control-max-age": "7200", // seconds; browsers take no more
  };
  const headers = allowedOrigin(event.headers, origins) ? may : {};
  return withCors(event, origins, { statusCode: 204, headers, body: "" });
}

function allowedOrigin(headers: APIGatewayProxyEvent["headers"] | null, origins: string): string | undefined {
  if (origins === "*") return "*";
  const origin = header(headers, "origin");
  return origin !== undefined && origins.split(",").includes(origin) ? origin : undefined;
}
