import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { RoleSession } from "../aws/cloud";
import { type Container, loopback } from "../executors/executor";
import { type HttpAnswer, type HttpRequest, send } from "../http";
import { ContainerLog, type LogTarget } from "../logs";
import type { Foundation } from "../platform";
import { freePort } from "../../ports";
import type { DeployedVariant } from "../records";

/** AWS's limits: /ping answers within 2 s, first within 4 minutes; from SIGTERM to SIGKILL 30 s. */
const pingTimeoutMs = 2_000;
const defaultStartupSeconds = 240;
const stopGraceSeconds = 30;

/** Where SageMaker asks a container that has all ports for itself. */
const defaultPort = 8080;
const pingEveryMs = 25;
const readyEveryMs = 50;
const longestRestartPauseMs = 10_000;
/** A container that has served this long starts anew with no pause when it dies. */
const stableMs = 60_000;

/** A connection's errors when the container, or the network's address of it, is gone. */
const unheard = ["ECONNREFUSED", "EHOSTUNREACH"];

/** The container has died or is starting. */
export class NobodyListens extends Error {}

/** The container did not become healthy. */
export class UnhealthyContainer extends Error {}

export interface ReplicaSettings {
  deployed: DeployedVariant;
  /** In place of "production variant <name>" in messages. */
  servesFor?: string;
  /** Unique among all replicas: names the container. */
  name: string;
  mlFolder: string;
  session: RoleSession;
  log: LogTarget;
}

/** One `serve` container of a variant: started, watched, started again when it dies. */
export class Replica {
  /** Requests that it is working on. */
  inFlight = 0;
  /** Takes no new requests; one that its container has not seen yet may go elsewhere. */
  draining = false;
  private readonly log: ContainerLog;
  private container: Container | undefined;
  /** `<host>:<port>` of its container's server, once it has one. */
  private address: string | undefined;
  private stopping = false;
  /** Pending while a container that has died starts again. */
  private restarting: Promise<void> | undefined;

  constructor(
    private readonly platform: Foundation,
    private readonly settings: ReplicaSettings,
  ) {
    this.log = new ContainerLog(settings.session, settings.log);
  }

  /** Starts the container and waits until it is healthy. @throws UnhealthyContainer with its last words. */
  async start(): Promise<void> {
    await this.launch();
    void this.keepAlive();
  }

  /** Resolves when the container takes requests (at once, other than after a crash), or drains, or the time is over. */
  async ready(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (this.restarting && !this.draining && Date.now() < deadline)
      await Promise.race([this.restarting, sleep(readyEveryMs)]);
  }

  /**
   * Sends one request to its container, once.
   * @throws NobodyListens when the container has not seen it, HttpTimeout, or the connection's error.
   */
  async send(path: string, request: HttpRequest): Promise<HttpAnswer> {
    if (!this.address) throw new NobodyListens("the container has no address");
    return send(`http://${this.address}${path}`, request).catch((error: NodeJS.ErrnoException) => {
      throw unheard.includes(error.code ?? "") ? new NobodyListens(error.message) : error;
    });
  }

  /** Waits for the requests in flight, then ends the container. */
  async stop({ drainMs }: { drainMs: number }): Promise<void> {
    this.draining = true;
    const deadline = Date.now() + drainMs;
    while (this.inFlight > 0 && Date.now() < deadline) await sleep(10);
    this.stopping = true;
    await this.container?.stop(stopGraceSeconds);
    await this.log.close();
  }

  private async launch(): Promise<void> {
    const { deployed, name, mlFolder, session } = this.settings;
    const { networkIsolation, environment, image } = deployed;
    const { containerCredentials, settings, executor } = this.platform;
    const port = executor.sharesPorts ? await freePort() : defaultPort;
    const network = await executor.connect({ isolated: networkIsolation });
    const access = networkIsolation ? {} : await containerCredentials.environment(session, executor.machine);
    if (this.stopping) throw new UnhealthyContainer("It was stopped before it had started.");
    this.address = undefined; // the engine may give it to another container
    this.container = executor.run({
      name: `${name}-${randomBytes(3).toString("hex")}`,
      image,
      arguments: ["serve"],
      environment: {
        AWS_REGION: settings.region,
        ...access,
        ...environment,
        ...(executor.sharesPorts ? { BIND_HOST: loopback } : {}),
        SAGEMAKER_BIND_TO_PORT: `${port}`,
      },
      ...{ network, port },
      mlFolder,
      readOnlyModel: true,
      onLine: (line) => this.log.line(line),
    });
    await this.untilHealthy(this.container);
  }

  private async untilHealthy(container: Container): Promise<void> {
    const { VariantName, ContainerStartupHealthCheckTimeoutInSeconds } = this.settings.deployed.variant;
    const deadline =
      Date.now() + 1000 * (ContainerStartupHealthCheckTimeoutInSeconds ?? defaultStartupSeconds);
    let exitCode: number | undefined;
    void container.exited.then((code) => (exitCode = code));
    for (;;) {
      this.address ??= await container.address();
      if (exitCode === undefined && (await this.pings())) return;
      const { servesFor = `production variant ${VariantName}` } = this.settings;
      const failed = `The primary container for ${servesFor} did not pass the ping health check. Please check CloudWatch logs for this endpoint.`;
      const lastWords = `Its last words: ${this.log.lastWords() || "none"}`;
      if (exitCode !== undefined) {
        throw new UnhealthyContainer(`${failed} It ended with exit code ${exitCode}. ${lastWords}`);
      }
      if (Date.now() > deadline) {
        void container.stop(stopGraceSeconds);
        throw new UnhealthyContainer(`${failed} ${lastWords}`);
      }
      await sleep(pingEveryMs);
    }
  }

  private async pings(): Promise<boolean> {
    const request = { method: "GET", timeoutMs: pingTimeoutMs } as const;
    const answer = await this.send("/ping", request).catch(() => undefined);
    return answer?.status === 200;
  }

  private async keepAlive(): Promise<void> {
    let pauseMs = 0;
    while (!this.stopping) {
      const started = Date.now();
      const code = await this.container?.exited;
      if (this.stopping) return;
      pauseMs =
        Date.now() - started > stableMs ? 0 : Math.min(Math.max(100, pauseMs * 2), longestRestartPauseMs);
      console.error(
        `${this.settings.name} ended with exit code ${code}; it is started again in ${pauseMs} ms`,
      );
      const launched = sleep(pauseMs).then(() => (this.stopping ? undefined : this.launch()));
      this.restarting = launched.catch((error: Error) =>
        console.error(`${this.settings.name}: ${error.message}`),
      );
      await this.restarting;
      this.restarting = undefined;
    }
  }
}
