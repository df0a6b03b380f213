import { ModelError } from "@aws-sdk/client-sagemaker-runtime";
import * as v from "valibot";
import { errorFields, type LogFields } from "../shared/log";

const refusalSchema = v.pipe(v.string(), v.parseJson(), v.object({ message: v.string() }));
const longestRefusal = 500;

/** Why the model does not take the records; undefined for a failure of InvokeEndpoint that may pass, or a job may not have. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof ModelError)) return undefined;
  const { OriginalStatusCode: status = 500, OriginalMessage: body = "" } = error;
  if (status < 400 || status >= 500 || status === 429) return undefined;
  const said = v.safeParse(refusalSchema, body);
  return said.success
    ? said.output.message.slice(0, longestRefusal)
    : `it answers with the status ${status}.`;
}

/** What to log of a failed InvokeEndpoint: a model's message may quote what was uploaded, so only where to read on. */
export function logOfInvocation(error: unknown): LogFields {
  if (!(error instanceof ModelError)) return errorFields(error);
  return { error: error.name, modelStatus: error.OriginalStatusCode, modelLog: error.LogStreamArn };
}
