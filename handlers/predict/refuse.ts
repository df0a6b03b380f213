import { type APIGatewayProxyResult } from "aws-lambda";
import { type Log, type LogFields } from "../shared/log";
import { metricFields } from "../shared/metrics";
import { type Problem, problemAnswer } from "../shared/problem";

/** Answers with `problem`, logs it, and counts it by its name. */
export function refuse(
  problem: Problem,
  requestId: string,
  log: Log,
  fields: LogFields = {},
): APIGatewayProxyResult {
  // 503 passes by itself; any other 5xx needs somebody to look.
  const level = problem.status === 503 ? "warn" : problem.status >= 500 ? "error" : "info";
  log[level]("not predicted", {
    status: problem.status,
    problem: problem.name,
    errors: problem.errors?.length,
    ...fields,
    ...metricFields([["stack"], ["stack", "problem"]], { Refusals: { unit: "Count", value: 1 } }, new Date()),
  });
  return problemAnswer(problem, requestId);
}
