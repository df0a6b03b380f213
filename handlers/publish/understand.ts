import * as v from "valibot";
import { duration } from "./figures";
import { parseEvent, type SlipwayEvent } from "../shared/events";

/** What EventBridge sends when a SageMaker job or endpoint changes its state. */
const stateChangeSchema = v.object({
  id: v.string(),
  source: v.literal("aws.sagemaker"),
  "detail-type": v.string(),
  time: v.pipe(v.string(), v.isoTimestamp()),
  detail: v.record(v.string(), v.unknown()),
});

/** What EventBridge sends when a CloudWatch alarm changes its state. */
const alarmSchema = v.object({
  id: v.string(),
  source: v.literal("aws.cloudwatch"),
  "detail-type": v.literal("CloudWatch Alarm State Change"),
  time: v.pipe(v.string(), v.isoTimestamp()),
  detail: v.object({
    alarmName: v.string(),
    state: v.object({
      value: v.string(),
      reason: v.optional(v.string()),
      timestamp: v.optional(v.string()),
    }),
    previousState: v.optional(v.object({ value: v.string(), timestamp: v.optional(v.string()) })),
    configuration: v.optional(v.object({ description: v.optional(v.string()) })),
  }),
});

type StateChange = v.InferOutput<typeof stateChangeSchema>;
type AlarmChange = Pick<v.InferOutput<typeof alarmSchema>, "id" | "time" | "detail">;

/** By detail-type: the noun for people, and where `detail` holds name and status. */
const subjects: Partial<Record<string, { noun: string; name: string; status: string }>> = {
  "SageMaker Training Job State Change": {
    noun: "training job",
    name: "TrainingJobName",
    status: "TrainingJobStatus",
  },
  "SageMaker Processing Job State Change": {
    noun: "processing job",
    name: "ProcessingJobName",
    status: "ProcessingJobStatus",
  },
  "SageMaker Endpoint State Change": { noun: "endpoint", name: "EndpointName", status: "EndpointStatus" },
};

/**
 * The event in the body of a message of the results queue: one of Slipway's own, or the state change of a SageMaker
 * job or endpoint or of a CloudWatch alarm as EventBridge sends it. Undefined when nobody needs to be told (a job that
 * has not failed, an alarm that does not ring and is not the last one that did).
 * @throws Error that says what is not understood.
 */
export function understand(body: string, stack: string): SlipwayEvent | undefined {
  const value = parseJson(body);
  const stateChange = v.safeParse(stateChangeSchema, value);
  if (stateChange.success) return alarmOf(stateChange.output, stack);
  const alarm = v.safeParse(alarmSchema, value);
  return alarm.success ? ringingOf(alarm.output, stack) : parseEvent(value);
}

function ringingOf({ id, time, detail }: AlarmChange, stack: string): SlipwayEvent | undefined {
  const { alarmName, state, configuration } = detail;
  if (state.value !== "ALARM") return quietOf({ id, time, detail }, stack);
  const reasons = [configuration?.description, state.reason].filter(Boolean);
  return {
    ...{ kind: "alarm", stack, severity: "error", time, id },
    detail: {
      what: `The alarm ${alarmName} rings`,
      reason: reasons.join(" ") || "CloudWatch gives no reason.",
    },
  };
}

/** Only of the alarm above all others EventBridge sends such: none of the stack's rings any more. */
function quietOf({ id, time, detail }: AlarmChange, stack: string): SlipwayEvent | undefined {
  const { state, previousState } = detail;
  if (state.value !== "OK" || previousState?.value !== "ALARM") return undefined;
  const seconds = (Date.parse(state.timestamp ?? time) - Date.parse(previousState.timestamp ?? "")) / 1000;
  return {
    ...{ kind: "alarm", stack, severity: "info", time, id },
    detail: {
      what: "No alarm rings any more",
      reason: seconds >= 0 ? `All is quiet after ${duration(seconds)}.` : "All is quiet again.",
    },
  };
}

function alarmOf(change: StateChange, stack: string): SlipwayEvent | undefined {
  const subject = subjects[change["detail-type"]];
  if (subject === undefined)
    throw new Error(`no template for the EventBridge event "${change["detail-type"]}"`);
  const { [subject.name]: name, [subject.status]: status, FailureReason, ExitMessage } = change.detail;
  if (typeof name !== "string" || typeof status !== "string") {
    throw new Error(
      `an EventBridge event "${change["detail-type"]}" without ${subject.name} or ${subject.status}`,
    );
  }
  // Endpoints end as Failed or UpdateRollbackFailed, in events also written FAILED.
  if (!/failed$/i.test(status)) return undefined;
  const reason = [FailureReason, ExitMessage].find((text) => typeof text === "string" && text !== "");
  return {
    kind: "alarm",
    stack,
    severity: "error",
    time: change.time,
    id: change.id,
    detail: {
      what: `The ${subject.noun} ${name} failed`,
      reason: typeof reason === "string" ? reason : `SageMaker gives none; its status is ${status}.`,
    },
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error("the body is not JSON");
  }
}
