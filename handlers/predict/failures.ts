import * as v from "valibot";
import { AwsError } from "../shared/aws";
import { errorFields, type LogFields } from "../shared/log";
import { type Problem } from "../shared/problem";
import { noRelease, notReady } from "../shared/unavailable";
import { invalidFields } from "./request";

const refusalSchema = v.object({
  errors: v.pipe(
    v.array(
      v.object({
        instance: v.optional(v.number()),
        field: v.string(),
        value: v.optional(v.unknown(), null),
        rule: v.string(),
      }),
    ),
    v.minLength(1),
  ),
});

/** What to answer when InvokeEndpoint has thrown `error`: its text does not reach the caller, refused values apart. */
export function problemOfFailure(error: unknown): Problem {
  const refusal = modelRefusal(error);
  if (refusal) return problemOfModel(refusal);
  const { name = "", message = "", code = "" } = error as Partial<Error & { code: string }>;
  if (name.startsWith("Validation") && isNotFound.test(message)) return noRelease;
  if (name.startsWith("Validation") && isInOtherState.test(message)) return notReady;
  return passing[name] ?? passing[code] ?? modelFailed;
}

/** What to log of `error`: a model's message may quote the caller's data, so of a ModelError only where to read on. */
export function logOfFailure(error: unknown): LogFields {
  const refusal = modelRefusal(error);
  if (!refusal) return errorFields(error);
  return { error: "ModelError", modelStatus: refusal.OriginalStatusCode, modelLog: refusal.LogStreamArn };
}

/** What SageMaker says of a container that did not answer with success. */
const modelErrorSchema = v.object({
  OriginalStatusCode: v.optional(v.number()),
  OriginalMessage: v.optional(v.string()),
  LogStreamArn: v.optional(v.string()),
});
type ModelRefusal = v.InferOutput<typeof modelErrorSchema>;

function modelRefusal(error: unknown): ModelRefusal | undefined {
  if (!(error instanceof AwsError) || error.name !== "ModelError") return undefined;
  const parsed = v.safeParse(modelErrorSchema, error.body);
  return parsed.success ? parsed.output : {};
}

function problemOfModel({
  OriginalStatusCode: status = 500,
  OriginalMessage: message,
}: ModelRefusal): Problem {
  if (status === 429) return busy;
  if (status === 503) return notReady;
  if (status === 413) return { ...modelRefused, status, title: "The request is too large for the model" };
  if (status !== 400) return modelFailed;
  const refusal = v.safeParse(refusalSchema, parseJson(message));
  return refusal.success ? invalidFields(refusal.output.errors) : modelRefused;
}

function parseJson(text = ""): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const busy: Problem = {
  status: 503,
  name: "busy",
  title: "The model is busy",
  detail:
    "More predictions are asked for than the model can make. Send the request again, a little more slowly.",
  retryAfter: 5,
};

const tooSlow: Problem = {
  status: 503,
  name: "timeout",
  title: "The model did not answer in time",
  detail:
    "The model may be starting or overloaded. Send the request again, with fewer records if it has many.",
  retryAfter: 10,
};

const modelRefused: Problem = {
  status: 400,
  name: "refused-by-model",
  title: "The model refuses the request",
  detail:
    "The model cannot work with this request and does not say which value is wrong. Compare it with the schema.",
};

export const modelFailed: Problem = {
  status: 502,
  name: "model-failed",
  title: "The model failed",
  detail:
    "The model could not make a prediction, and not because of the request. If it happens again, tell the team " +
    "that runs this API, with the request id.",
};

const isNotFound = /not found|could not find/i;
const isInOtherState = /in ?service|creating|updating|\bstate\b/i;

/** Failures that pass by themselves, by the error's name or the socket's code. */
const passing: Partial<Record<string, Problem>> = {
  ThrottlingException: busy,
  TooManyRequestsException: busy,
  ModelNotReadyException: notReady,
  ServiceUnavailable: notReady,
  ServiceUnavailableException: notReady,
  TimeoutError: tooSlow,
  AbortError: tooSlow,
  ECONNREFUSED: notReady,
  ECONNRESET: notReady,
  ETIMEDOUT: notReady,
  ENOTFOUND: notReady,
};
