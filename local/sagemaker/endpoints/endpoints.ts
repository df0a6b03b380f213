import type { VariantStatus } from "@aws-sdk/client-sagemaker";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ImageError } from "../aws/images";
import { TransferError } from "../aws/s3";
import { tagObject } from "../events";
import { clipped } from "../jobs/job-run";
import type { Foundation } from "../platform";
import { AwsError } from "../protocol/errors";
import {
  type EndpointRecord,
  type FleetRecord,
  type PendingDeployment,
  type VariantProperties,
  now,
} from "../records";
import { DeploymentAlarms } from "./alarms";
import { completed, resolveFleet } from "./deployed";
import { deploymentPlan } from "./deployment-plan";
import { Fleet } from "./fleet";
import { UnhealthyContainer } from "./replica";
import { RolledBack, shiftTraffic } from "./shift";
import { Traffic } from "./traffic";

/** How long an old fleet may take over what it was asked before the switch: longer than an invocation may last. */
const drainMs = 61_000;

/** The endpoints and what serves them. */
export class Endpoints {
  private readonly serving = new Map<string, Traffic>();
  /** What is being done to an endpoint: one thing at a time. */
  private readonly work = new Map<string, Promise<void>>();
  private readonly restoring = new Map<string, Promise<void>>();
  private readonly ending = new AbortController();

  constructor(private readonly platform: Foundation) {}

  /** Takes up every endpoint where an earlier server left it: serving, being made, updated, rolled back or deleted. */
  recover(): void {
    for (const { EndpointName, EndpointStatus, fleet, pending } of this.platform.stores.endpoints.values()) {
      if (EndpointStatus === "Failed") continue;
      if (EndpointStatus === "Deleting") this.remove(EndpointName);
      else
        this.begin(EndpointName, async () => {
          if (fleet) await this.restore(EndpointName, fleet);
          if (pending) await this.deployNext(EndpointName, pending);
        });
    }
  }

  /** Deploys the configuration of a new or updated endpoint in the background. */
  deploy(name: string, pending: PendingDeployment): void {
    this.begin(name, () => this.deployNext(name, pending));
  }

  /** Gives variants of an endpoint that is being updated other weights and capacities, in the background. */
  scale(name: string, properties: Record<string, Partial<VariantProperties>>): void {
    this.begin(name, () => {
      const { fleet } = this.record(name);
      if (!fleet) return Promise.resolve();
      const changed = (variant: FleetRecord["variants"][number]) => ({
        ...variant,
        ...properties[variant.variant.VariantName ?? ""],
      });
      const variants = fleet.variants.map(changed);
      const shadows = fleet.shadows.map(changed);
      this.update(name, { EndpointStatus: "InService", fleet: { ...fleet, variants, shadows } });
      for (const { variant, weight } of [...variants, ...shadows])
        this.serving.get(name)?.current.setWeight(variant.VariantName ?? "", weight);
      return Promise.resolve();
    });
  }

  /** Ends what serves the endpoint and forgets it, in the background. */
  remove(name: string): void {
    this.begin(name, async () => {
      const fleets = this.serving.get(name)?.fleets() ?? [];
      this.serving.delete(name);
      await Promise.all(fleets.map((fleet) => fleet.stop({ drainMs: 0 })));
      await rm(join(this.platform.settings.home, "sagemaker", "endpoints", name), {
        recursive: true,
        force: true,
      });
      this.platform.stores.endpoints.delete(name);
    });
  }

  /** Resolves when the endpoint is taken up again after a restart of this server; at once otherwise. */
  async taken(name: string): Promise<void> {
    await this.restoring.get(name);
  }

  /** The fleet for one request now; undefined when there is no such endpoint or it is not in service. */
  fleetOf(name: string): Fleet | undefined {
    const status = this.platform.stores.endpoints.get(name)?.EndpointStatus;
    return status === "Deleting" ? undefined : this.serving.get(name)?.choose();
  }

  /** Ends all containers; the endpoints stay what they are for the next server. */
  async close(): Promise<void> {
    this.ending.abort();
    // The fleets as well, so that none of them starts its container again.
    const fleets = [...this.serving.values()].flatMap((traffic) => traffic.fleets());
    await Promise.all([this.platform.executor.close(), ...fleets.map((fleet) => fleet.stop({ drainMs: 0 }))]);
    await Promise.all(this.work.values());
  }

  private async restore(name: string, left: FleetRecord): Promise<void> {
    const record = completed(left);
    this.platform.stores.endpoints.update(name, { fleet: record });
    const fleet = new Fleet(this.platform, name, record);
    const started = fleet.start();
    this.restoring.set(
      name,
      started.catch(() => undefined),
    );
    try {
      await started;
      this.serving.set(name, new Traffic(fleet));
      const { EndpointStatus, pending } = this.record(name);
      if (EndpointStatus === "OutOfService")
        this.update(name, { EndpointStatus: "InService", FailureReason: undefined });
      // What was being rolled back or scaled has come to its end.
      else if (EndpointStatus !== "InService" && !pending) this.update(name, { EndpointStatus: "InService" });
    } catch (error) {
      await fleet.stop({ drainMs: 0 });
      if (this.closing) return;
      this.update(name, { EndpointStatus: "OutOfService", FailureReason: failureReason(error) });
    } finally {
      this.restoring.delete(name);
    }
  }

  /** Starts the new fleet beside the old one and moves the traffic over when it is healthy; or puts all back. */
  private async deployNext(name: string, pending: PendingDeployment): Promise<void> {
    let next: Fleet | undefined;
    try {
      const record = await resolveFleet(this.platform, pending);
      next = new Fleet(this.platform, name, record);
      await next.start();
      if (this.closing) throw new Error("closing");
      const traffic = this.serving.get(name);
      if (traffic) await this.shift(name, pending, traffic, next);
      else this.serving.set(name, new Traffic(next));
      const old = traffic?.settle(next);
      this.update(name, {
        ...{ EndpointStatus: "InService", EndpointConfigName: pending.configName, fleet: record },
        ...{ pending: undefined, FailureReason: undefined },
      });
      await old?.stop({ drainMs });
      await old?.remove();
    } catch (error) {
      if (this.closing)
        await next?.stop({ drainMs: 0 }); // the next server begins this again
      else await this.putBack(name, next, error);
    }
  }

  private async shift(
    name: string,
    pending: PendingDeployment,
    traffic: Traffic,
    next: Fleet,
  ): Promise<void> {
    const [variant] = next.record.variants;
    const plan = deploymentPlan(pending.deploymentConfig ?? {}, variant?.instanceCount ?? 1);
    const session = this.platform.cloud.session(variant?.roleArn ?? "");
    const stage = (stage: VariantStatus, share: number) =>
      this.platform.stores.endpoints.update(name, {
        pending: { ...pending, stage, share, stageTime: now() },
      });
    try {
      const alarms = new DeploymentAlarms(session, plan.alarms);
      await shiftTraffic({ traffic, next, plan, alarms, stage, signal: this.ending.signal });
    } finally {
      session.close();
    }
  }

  /** Ends the new fleet, which gets no requests any more, and leaves the endpoint as it was. */
  private async putBack(name: string, next: Fleet | undefined, error: unknown): Promise<void> {
    const FailureReason = failureReason(error);
    const serves = this.record(name).fleet !== undefined;
    if (serves) this.update(name, { EndpointStatus: "RollingBack", FailureReason, pending: undefined });
    await next?.stop({ drainMs });
    await next?.remove();
    this.update(name, {
      ...{ EndpointStatus: serves ? "InService" : "Failed", FailureReason, pending: undefined },
    });
  }

  private begin(name: string, work: () => Promise<void>): void {
    const before = this.work.get(name) ?? Promise.resolve();
    const done = before
      .then(work)
      .catch((error: Error) => console.error(`endpoint ${name}: ${error.stack}`))
      .finally(() => {
        if (this.work.get(name) === done) this.work.delete(name);
      });
    this.work.set(name, done);
  }

  private get closing(): boolean {
    return this.ending.signal.aborted;
  }

  /** @throws Error when there is no such endpoint: a mistake in this program. */
  private record(name: string): Readonly<EndpointRecord> {
    const record = this.platform.stores.endpoints.get(name);
    if (!record) throw new Error(`There is no endpoint '${name}'.`);
    return record;
  }

  private update(name: string, changes: Partial<EndpointRecord>): void {
    const record = this.platform.stores.endpoints.update(name, { ...changes, LastModifiedTime: now() });
    announceEndpoint(this.platform.events, record);
  }
}

/** Posts an endpoint's state in EventBridge's own spelling of it. */
export function announceEndpoint(events: Foundation["events"], record: EndpointRecord): void {
  const { arn, tags, EndpointName, EndpointConfigName, EndpointStatus, FailureReason, fleet } = record;
  events.stateChange("SageMaker Endpoint", arn, {
    ...{ EndpointName, EndpointArn: arn, EndpointConfigName, FailureReason },
    EndpointStatus: EndpointStatus.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase(),
    ProductionVariants: (fleet?.variants ?? []).map(({ variant, weight, instanceCount }) => ({
      VariantName: variant.VariantName,
      DesiredWeight: weight,
      ...(instanceCount === undefined ? {} : { DesiredInstanceCount: instanceCount }),
    })),
    CreationTime: Math.round(record.CreationTime * 1000),
    LastModifiedTime: Math.round(record.LastModifiedTime * 1000),
    Tags: tagObject(tags),
  });
}

function failureReason(error: unknown): string {
  const { message } = error as Error;
  const expected = [UnhealthyContainer, ImageError, AwsError, RolledBack].some(
    (kind) => error instanceof kind,
  );
  if (expected) return clipped(message);
  if (error instanceof TransferError) return clipped(`Failed to download model data: ${message}`);
  return clipped(
    `Request to service failed. If failure persists after retry, contact customer support. ${message}`,
  );
}
