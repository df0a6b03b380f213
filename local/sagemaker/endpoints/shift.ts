import { setTimeout as sleep } from "node:timers/promises";
import type { VariantStatus } from "@aws-sdk/client-sagemaker";
import { type DeploymentAlarms, listed } from "./alarms";
import type { DeploymentPlan } from "./deployment-plan";
import type { Fleet } from "./fleet";
import type { Traffic } from "./traffic";

/** How often the alarms are looked at. */
const watchEveryMs = 500;

/** The deployment does not go on: an alarm rings, or it takes too long. */
export class RolledBack extends Error {}

/** What a shift works with. */
export interface Shift {
  traffic: Traffic;
  next: Fleet;
  plan: DeploymentPlan;
  alarms: DeploymentAlarms;
  /** Told of each stage. */
  stage: (stage: VariantStatus, share: number) => void;
  /** Ends the shift when this server ends. */
  signal: AbortSignal;
}

/**
 * Moves the traffic to the new fleet, step by step, with a baking period after each in which no alarm may ring. An
 * alarm that rings already when the deployment starts ends it as well.
 * @throws RolledBack; the traffic then is where it was. AwsError when the alarms cannot be looked at.
 */
export async function shiftTraffic(shift: Shift): Promise<void> {
  const { traffic, next, plan, stage } = shift;
  const deadline = Date.now() + plan.timeoutMs;
  try {
    await quiet(shift, deadline);
    for (const share of plan.shares) {
      stage("ActivatingTraffic", share);
      traffic.shift(next, share);
      stage("Baking", share);
      await bake(shift, deadline);
    }
    await sleep(plan.terminationWaitMs, undefined, { signal: shift.signal });
  } catch (error) {
    traffic.shift(next, 0);
    throw error;
  }
}

async function bake(shift: Shift, deadline: number): Promise<void> {
  const end = Date.now() + shift.plan.bakeMs;
  while (Date.now() < end) {
    await sleep(Math.min(watchEveryMs, Math.max(0, end - Date.now())), undefined, { signal: shift.signal });
    await quiet(shift, deadline);
  }
}

/** @throws RolledBack when an alarm rings or the time is over. */
async function quiet({ alarms }: Shift, deadline: number): Promise<void> {
  const ringing = await alarms.ringing();
  if (ringing.length > 0)
    throw new RolledBack(
      `The deployment was rolled back: CloudWatch alarm(s) ${listed(ringing)} in the state ALARM.`,
    );
  if (Date.now() > deadline)
    throw new RolledBack(
      "The deployment was rolled back: it took longer than MaximumExecutionTimeoutInSeconds.",
    );
}
