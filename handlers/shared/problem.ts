import { type APIGatewayProxyResult } from "aws-lambda";

/** One reason why a request is refused; `rule` completes the sentence "<field> ...". */
export interface FieldError {
  /** Position in `instances`; 0 for a single record. Absent when the request as a whole is meant. */
  instance?: number;
  field: string;
  value: unknown;
  rule: string;
}

/** A problem document (RFC 9457) in the making. */
export interface Problem {
  status: number;
  /** Stable name of the kind of problem, for programs. */
  name: string;
  title: string;
  /** What happened this time and what to do next, for people. */
  detail: string;
  errors?: FieldError[];
  /** Seconds after which to try again. */
  retryAfter?: number;
}

/** JSON as an answer of API Gateway, with the id by which the request is found in the logs. */
export function answer(
  status: number,
  requestId: string,
  body: unknown,
  headers: Record<string, string> = {},
): APIGatewayProxyResult {
  return {
    statusCode: status,
    headers: { "content-type": "application/json", "x-request-id": requestId, ...headers },
    body: JSON.stringify(body),
  };
}

/** `problem` as an answer of API Gateway. */
export function problemAnswer(problem: Problem, requestId: string): APIGatewayProxyResult {
  const { status, name, title, detail, errors, retryAfter } = problem;
  const document = { type: `urn:slipway:problem:${name}`, title, status, detail, errors, requestId };
  return answer(status, requestId, document, {
    "content-type": "application/problem+json",
    ...(retryAfter === undefined ? {} : { "retry-after": `${retryAfter}` }),
  });
}

/** What no request is to blame for. */
export const unexpected: Problem = {
  status: 500,
  name: "unexpected",
  title: "Something went wrong here",
  detail:
    "The request could not be handled, and not because of anything in it. Tell the team, with the request id.",
};
