import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ImageError } from "../aws/images";
import { TransferError } from "../aws/s3";
import { tagObject } from "../events";
import { clipped } from "../jobs/job-run";
import type { Foundation } from "../platform";
import { AwsError } from "../protocol/errors";
import { type EndpointRecord, type FleetRecord, now } from "../records";
import { resolveFleet } from "./deployed";
import { Fleet } from "./fleet";
import { UnhealthyContainer } from "./replica";

/** How long an old fleet may take over what it was asked before the switch: longer than an invocation may last. */
const drainMs = 61_000;

/** The endpoints and what serves them. */
export class Endpoints {
  private readonly serving = new Map<string, Fleet>();
  /** What is being done to an endpoint: one thing at a time. */
  private readonly work = new Map<string, Promise<void>>();
  private readonly restoring = new Map<string, Promise<void>>();
  private closing = false;

  constructor(private readonly platform: Foundation) {}

  /** Takes up every endpoint where an earlier server left it: serving, being made, updated or deleted. */
  recover(): void {
    for (const {
      EndpointName,
      EndpointStatus,
      fleet,
      pendingConfigName,
    } of this.platform.stores.endpoints.values()) {
      if (EndpointStatus === "Failed") continue;
      if (EndpointStatus === "Deleting") this.remove(EndpointName);
      else
        this.begin(EndpointName, async () => {
          if (fleet) await this.restore(EndpointName, fleet);
          if (pendingConfigName) await this.deployNext(EndpointName, pendingConfigName);
        });
    }
  }

  /** Deploys `pendingConfigName` of a new or updated endpoint in the background. */
  deploy(name: string, configName: string): void {
    this.begin(name, () => this.deployNext(name, configName));
  }

  /** Ends what serves the endpoint and forgets it, in the background. */
  remove(name: string): void {
    this.begin(name, async () => {
      const fleet = this.serving.get(name);
      this.serving.delete(name);
      await fleet?.stop({ drainMs: 0 });
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

  /** The fleet that serves an endpoint now; undefined when there is no such endpoint or it is not in service. */
  fleetOf(name: string): Fleet | undefined {
    return this.status(name) === "Deleting" ? undefined : this.serving.get(name);
  }

  /** Ends all containers; the endpoints stay what they are for the next server. */
  async close(): Promise<void> {
    this.closing = true;
    // The fleets as well, so that none of them starts its container again.
    const fleets = [...this.serving.values()].map((fleet) => fleet.stop({ drainMs: 0 }));
    await Promise.all([this.platform.executor.close(), ...fleets]);
    await Promise.all(this.work.values());
  }

  private async restore(name: string, record: FleetRecord): Promise<void> {
    const fleet = new Fleet(this.platform, name, record);
    const started = fleet.start();
    this.restoring.set(
      name,
      started.catch(() => undefined),
    );
    try {
      await started;
      this.serving.set(name, fleet);
      if (this.status(name) === "OutOfService")
        this.update(name, { EndpointStatus: "InService", FailureReason: undefined });
    } catch (error) {
      await fleet.stop({ drainMs: 0 });
      if (this.closing) return;
      this.update(name, { EndpointStatus: "OutOfService", FailureReason: failureReason(error) });
    } finally {
      this.restoring.delete(name);
    }
  }

  /** Starts the new fleet beside the old one, switches when it is healthy, ends the old one; or puts all back. */
  private async deployNext(name: string, configName: string): Promise<void> {
    const { stores } = this.platform;
    let next: Fleet | undefined;
    try {
      const record = await resolveFleet(this.platform, configName);
      next = new Fleet(this.platform, name, record);
      await next.start();
      if (this.closing) throw new Error("closing");
      const old = this.serving.get(name);
      this.serving.set(name, next);
      this.update(name, {
        ...{ EndpointStatus: "InService", EndpointConfigName: configName, fleet: record },
        ...{ pendingConfigName: undefined, FailureReason: undefined },
      });
      await old?.stop({ drainMs });
      await old?.remove();
    } catch (error) {
      if (this.closing) {
        await next?.stop({ drainMs: 0 });
        return; // the next server begins this again
      }
      const FailureReason = failureReason(error);
      const serves = stores.endpoints.get(name)?.fleet !== undefined;
      if (serves) this.update(name, { EndpointStatus: "RollingBack", FailureReason });
      await next?.stop({ drainMs: 0 });
      await next?.remove();
      this.update(name, {
        EndpointStatus: serves ? "InService" : "Failed",
        FailureReason,
        pendingConfigName: undefined,
      });
    }
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

  private status(name: string): string | undefined {
    return this.platform.stores.endpoints.get(name)?.EndpointStatus;
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
    ProductionVariants: (fleet?.variants ?? []).map(({ variant }) => ({
      VariantName: variant.VariantName,
      DesiredWeight: variant.InitialVariantWeight ?? 1,
      ...(variant.InitialInstanceCount === undefined
        ? {}
        : { DesiredInstanceCount: variant.InitialInstanceCount }),
    })),
    CreationTime: Math.round(record.CreationTime * 1000),
    LastModifiedTime: Math.round(record.LastModifiedTime * 1000),
    Tags: tagObject(tags),
  });
}

function failureReason(error: unknown): string {
  const { message } = error as Error;
  const expected = [UnhealthyContainer, ImageError, AwsError].some((kind) => error instanceof kind);
  if (expected) return clipped(message);
  if (error instanceof TransferError) return clipped(`Failed to download model data: ${message}`);
  return clipped(
    `Request to service failed. If failure persists after retry, contact customer support. ${message}`,
  );
}
