import { errorFields, type Log } from "../shared/log";
import { type Problem } from "../shared/problem";
import { noRelease, notReady } from "../shared/unavailable";

/** What SageMaker says of an endpoint. */
export interface EndpointState {
  /** `InService`, `Updating`, `Creating`, `Failed`, ... */
  status: string;
  /** ARN of the configuration that it serves. */
  configuration: string;
}

/** What the check needs of the world. */
export interface HealthPorts {
  /** Undefined when there is no endpoint. */
  describe(): Promise<EndpointState | undefined>;
  /** The release that a configuration was made for; configurations never change. */
  releaseOf(configuration: string): Promise<string>;
  /** Milliseconds. */
  now(): number;
}

export type Health = { status: "ok"; release: string } | Problem;

/** However often it is asked for, SageMaker is asked this seldom: its API has a limit for the whole account. */
const freshMilliseconds = 5000;

/** In these states an endpoint answers: while it changes over, the configuration that it comes from does. */
const serving = new Set(["InService", "Updating", "SystemUpdating", "RollingBack"]);

/**
 * Whether predictions can be made, by the state of the endpoint. It costs nothing and wakes nobody, unlike a
 * prediction: a serverless endpoint would start for every question.
 */
export class HealthCheck {
  private last: { at: number; answer: Promise<Health> } | undefined;
  private readonly releases = new Map<string, string>();

  constructor(
    private readonly ports: HealthPorts,
    private readonly log: Log,
  ) {}

  /** The health as it was at most a few seconds ago; never throws. */
  read(): Promise<Health> {
    const now = this.ports.now();
    if (!this.last || now - this.last.at >= freshMilliseconds) this.last = { at: now, answer: this.ask() };
    return this.last.answer;
  }

  private async ask(): Promise<Health> {
    try {
      const endpoint = await this.ports.describe();
      if (!endpoint) return noRelease;
      if (!serving.has(endpoint.status)) return notReady;
      return { status: "ok", release: await this.releaseOf(endpoint.configuration) };
    } catch (error) {
      this.log.error("the endpoint's state could not be read", errorFields(error));
      return unknownHealth;
    }
  }

  private async releaseOf(configuration: string): Promise<string> {
    const release = this.releases.get(configuration) ?? (await this.ports.releaseOf(configuration));
    this.releases.set(configuration, release);
    return release;
  }
}

const unknownHealth: Problem = {
  status: 503,
  name: "health-unknown",
  title: "Whether the model works is not known",
  detail: "SageMaker does not say what state the model is in. Predictions may work all the same: try one.",
  retryAfter: 10,
};
