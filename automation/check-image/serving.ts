import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors";
import { interruptSignal, throwIfInterrupted } from "../interrupt";
import { type Address, type Container, type Docker } from "./docker";
import { type Answer, ask, type Question } from "./http";
import { type Limits } from "./limits";
import { Skipped } from "./rule";

export const servingPort = 8080;

/** One start of `serve`. Times are in seconds from the start of the container. */
export interface Server {
  container: Container;
  /** Not known before the container has started. */
  address?: Address;
  readOnly: boolean;
  /** When /ping was first answered, by any status. */
  answeredAt?: number;
  /** When /ping was first answered by 200. */
  healthyAt?: number;
  /** Of the last answer of /ping while it started. */
  lastStatus?: number;
  /** Set once the container has ended. */
  exitCode?: number;
  lastWords: string;
}

/** `serve` under SageMaker's rules: started when first needed, and again whenever a rule has brought it down. */
export class Serving {
  private attempts: Promise<Server[]> | undefined;
  private running: Server | undefined;

  /** @param model gives the volume to mount as /opt/ml/model; it may throw Skipped. */
  constructor(
    private readonly docker: Docker,
    private readonly image: string,
    private readonly limits: Limits,
    private readonly model: () => Promise<string>,
  ) {}

  /** The first start, with a read-only model folder; when that fails, a second one with a writable one. */
  firstAttempts(): Promise<Server[]> {
    return (this.attempts ??= this.attempt());
  }

  private async attempt(): Promise<Server[]> {
    const strict = await this.start(true);
    if (strict.healthyAt !== undefined) return [strict];
    return [strict, await this.start(false)];
  }

  /** A healthy server. @throws Skipped when `serve` does not get healthy, which rules of their own report. */
  async healthy(): Promise<Server> {
    const last = (await this.firstAttempts()).at(-1)!;
    if (last.healthyAt === undefined) throw new Skipped("serve does not get healthy");
    if (this.running && this.running.exitCode === undefined && (await this.ping(this.running)))
      return this.running;
    const server = await this.start(last.readOnly);
    if (server.healthyAt === undefined) throw new Skipped("serve does not get healthy when started again");
    return server;
  }

  ask(server: Server, question: Question): Promise<Answer> {
    return ask(server.address!, question);
  }

  /** Whether the server answers /ping by 200 within the limit. */
  async ping(server: Server): Promise<boolean> {
    try {
      const question = {
        method: "GET",
        path: "/ping",
        timeoutSeconds: 2.5 * this.limits.pingSeconds,
      } as const;
      return (await this.ask(server, question)).status === 200;
    } catch {
      throwIfInterrupted();
      return false;
    }
  }

  /** Removes the server that runs, if any, so that what it wrote is known. */
  async end(): Promise<void> {
    const server = this.running;
    this.running = undefined;
    if (server) await this.docker.remove(server.container);
  }

  private async start(readOnly: boolean): Promise<Server> {
    await this.end();
    const volumes = [`${await this.model()}:/opt/ml/model${readOnly ? ":ro" : ""}`];
    if (this.docker.sharesPorts) await mustBeFree(servingPort);
    const options = { image: this.image, args: ["serve"], volumes, port: servingPort };
    const container = await this.docker.start(options);
    const server: Server = { container, readOnly, lastWords: "" };
    this.running = server;
    void container.ended.then((code) => (server.exitCode = code));
    await this.waitUntilHealthy(server);
    if (server.healthyAt === undefined) server.lastWords = await this.docker.lastWords(container.id);
    return server;
  }

  private async waitUntilHealthy(server: Server): Promise<void> {
    const seconds = () => (performance.now() - server.container.startedAt) / 1000;
    while (server.exitCode === undefined && seconds() < this.limits.startSeconds) {
      throwIfInterrupted();
      try {
        server.address ??= await this.docker.addressOf(server.container.id, servingPort);
        // Longer than a ping may take, as a rule of its own measures that; not so long that one lost request decides.
        const timeoutSeconds = 2.5 * this.limits.pingSeconds;
        const { status } = await this.ask(server, { method: "GET", path: "/ping", timeoutSeconds });
        server.answeredAt ??= seconds();
        server.lastStatus = status;
        if (status === 200) {
          server.healthyAt = seconds();
          return;
        }
      } catch {
        throwIfInterrupted(); // otherwise it does not listen yet
      }
      await sleep(100, undefined, { signal: interruptSignal }).catch(() => undefined);
    }
  }
}

/** @throws UserError when something on this machine listens on the port already. */
async function mustBeFree(port: number): Promise<void> {
  const listener = createServer();
  try {
    await new Promise<void>((resolve, reject) =>
      listener.once("error", reject).listen({ port, host: "0.0.0.0", exclusive: true }, resolve),
    );
  } catch {
    throw new UserError(
      `Port ${port} of this machine is in use. This Docker engine has no bridge network, so that 'serve' has to ` +
        `listen on the machine's own port ${port}: end what uses it, then run the same command again.`,
    );
  }
  await new Promise((resolve) => listener.close(resolve));
}
