import { DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { UserError } from "../errors";
import { type Answer } from "../prediction";
import { type ReleaseContext } from "./context";
import { knownRecords } from "./holdout";
import { readServing } from "./serving";
import { smokeTest } from "./smoke-test";

/** Held-out rows that go through the public URL after a deployment. */
const knownCount = 20;

/**
 * Proves that the stack serves the release: SageMaker says so, and the public URL gives the very answers that the model
 * gave to held-out rows before it was deployed. A tool that has waited for `InService` knows neither: SageMaker says
 * `InService`, too, when it has rolled back. And no alarm rings.
 * @throws UserError with what is served, or answered, instead.
 */
export async function verify(context: ReleaseContext, releaseId: string): Promise<Answer> {
  const { clients, outputs, output } = context;
  await output.step("Asking SageMaker what it serves", async (progress) => {
    await requireServed(context, releaseId);
    await requireSilence(context, releaseId);
    progress.result(`release ${releaseId}`);
  });
  return output.step("Smoke test through the public URL", async (progress) => {
    const known = await knownRecords(clients.s3, outputs.dataBucket, releaseId, knownCount);
    const answer = await smokeTest(clients.logs, outputs, releaseId, known, context.propagationSeconds);
    if (known.length) progress.result(`${known.length} records with known answers`);
    return answer;
  });
}

/** @throws UserError when an alarm of the endpoint rings. */
async function requireSilence({ clients, outputs }: ReleaseContext, releaseId: string): Promise<void> {
  if (outputs.alarmNames.length === 0) return;
  const { MetricAlarms = [] } = await clients.cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNames: outputs.alarmNames, StateValue: "ALARM" }),
  );
  const [ringing] = MetricAlarms;
  if (!ringing) return;
  throw new UserError(
    `The alarm ${ringing.AlarmName} rings with release ${releaseId}: ${ringing.AlarmDescription ?? ""} ${ringing.StateReason ?? ""}`,
  );
}

/** @throws UserError with what SageMaker serves instead of the release, and with its own reason. */
export async function requireServed({ clients, outputs }: ReleaseContext, releaseId: string): Promise<void> {
  const serving = await readServing(clients.sagemaker, outputs.endpointName);
  if (!serving) {
    throw new UserError(
      `SageMaker has no endpoint ${outputs.endpointName}, so release ${releaseId} is not served.`,
    );
  }
  const { status, current, next, failureReason } = serving;
  const because = failureReason ? `: ${failureReason}` : ".";
  if (status !== "InService" || next) {
    throw new UserError(`The endpoint ${outputs.endpointName} is ${status}, not InService${because}`);
  }
  if (current.release !== releaseId) {
    throw new UserError(
      `SageMaker has rolled the deployment of release ${releaseId} back and serves release ` +
        `${current.release ?? "unknown"} on ${outputs.endpointName}${because}`,
    );
  }
}
