import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** What API Gateway itself answers, as a problem document (RFC 9457) like those of the Lambdas. */
interface GatewayProblem {
  /** Left out, the status that AWS has for it. */
  status?: number;
  /** As in the Lambdas' `urn:slipway:problem:<name>`. */
  name: string;
  title: string;
  detail: string;
  /** Seconds. */
  retryAfter?: number;
}

const noSuchPath: GatewayProblem = {
  status: 404, // AWS says 403, since the path might be a signed request's
  name: "not-found",
  title: "There is nothing at this address",
  detail: "The API has no such path, or not with this method. GET /openapi.json lists what there is.",
};

/** By AWS's type of response (https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html). */
const problems: Record<string, GatewayProblem> = {
  INVALID_API_KEY: {
    status: 403,
    name: "forbidden",
    title: "The API key is missing or unknown",
    detail: "Send the header x-api-key with a key of this API. A new key works after about a minute.",
  },
  MISSING_AUTHENTICATION_TOKEN: noSuchPath,
  RESOURCE_NOT_FOUND: noSuchPath,
  THROTTLED: {
    status: 429,
    name: "too-many-requests",
    title: "Too many requests",
    detail: "Requests come faster than this API, or this key, allows. Send them more slowly.",
    retryAfter: 1,
  },
  QUOTA_EXCEEDED: {
    status: 429,
    name: "quota-exceeded",
    title: "The day's requests are used up",
    detail: "This key has made as many requests as it may in one day. Try again tomorrow (UTC).",
    retryAfter: 3600,
  },
  REQUEST_TOO_LARGE: {
    status: 413,
    name: "too-large",
    title: "The request is too large",
    detail: "The request is larger than 10 MB. Send fewer records at a time.",
  },
  BAD_REQUEST_BODY: {
    status: 400,
    name: "malformed-body",
    title: "The request's body cannot be read",
    detail: "The body is not a JSON object. Compare it with the schema in /openapi.json.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    name: "unsupported-media-type",
    title: "The request's body is not JSON",
    detail: "Send JSON, and the header Content-Type: application/json.",
  },
  INTEGRATION_TIMEOUT: {
    status: 504,
    name: "gateway-timeout",
    title: "The answer took too long",
    detail: "What answers this path took longer than 29 seconds. Send the request again.",
    retryAfter: 10,
  },
  DEFAULT_4XX: {
    name: "refused",
    title: "The request is refused",
    detail: "The API cannot work with this request. Compare it with /openapi.json.",
  },
  DEFAULT_5XX: {
    name: "unexpected",
    title: "Something went wrong here",
    detail:
      "The request could not be handled, and not because of anything in it. Tell the team, with the request id.",
  },
};

/**
 * Lets API Gateway's own refusals look like all others of the API.
 * @param origins whose pages may read them in a browser.
 * @returns the resources, and their texts: a deployment has the ones that there are when it is made.
 */
export function gatewayResponses(
  name: string,
  restApiId: pulumi.Input<string>,
  origins: string[],
  opts: pulumi.CustomResourceOptions,
): { responses: aws.apigateway.Response[]; definition: string } {
  const cors = corsParameters(origins);
  const responses = Object.entries(problems).map(
    ([responseType, problem]) =>
      new aws.apigateway.Response(
        `${name}-${responseType.toLowerCase().replaceAll("_", "-")}`,
        {
          restApiId,
          responseType,
          ...(problem.status ? { statusCode: `${problem.status}` } : {}),
          responseTemplates: { "application/json": documentOf(problem) },
          responseParameters: { ...parametersOf(problem), ...cors },
        },
        opts,
      ),
  );
  return { responses, definition: JSON.stringify([problems, cors]) };
}

/** JSON in which API Gateway puts the request's id. */
const documentOf = ({ name, title, status, detail }: GatewayProblem) =>
  JSON.stringify({
    type: `urn:slipway:problem:${name}`,
    title,
    status,
    detail,
    requestId: "$context.requestId",
  });

const parametersOf = ({ retryAfter }: GatewayProblem) => ({
  "gatewayresponse.header.Content-Type": "'application/problem+json'",
  "gatewayresponse.header.x-request-id": "context.requestId",
  ...(retryAfter ? { "gatewayresponse.header.Retry-After": `'${retryAfter}'` } : {}),
});

/** API Gateway cannot choose among origins. These answers hold nothing that is anybody's: each page may read them. */
function corsParameters(origins: string[]): Record<string, string> {
  if (origins.length === 0) return {};
  const origin = origins.length === 1 ? `'${origins[0]}'` : "method.request.header.Origin";
  return {
    "gatewayresponse.header.Access-Control-Allow-Origin": origin,
    "gatewayresponse.header.Access-Control-Expose-Headers": "'x-request-id,retry-after'",
    "gatewayresponse.header.Vary": "'origin'",
  };
}
