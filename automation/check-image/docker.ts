import { randomBytes } from "node:crypto";
import { UserError } from "../errors";
import { interruptSignal, throwIfInterrupted } from "../interrupt";
import { run } from "../run";

const label = "slipway.check-image";
const quickMs = 60_000;

/** A container that a check has made. */
export interface Container {
  id: string;
  /** `performance.now()` when it was started. */
  startedAt: number;
  /** Its exit code, once it has ended; -1 when it was removed while it ran. */
  ended: Promise<number>;
}

export interface ContainerOptions {
  image: string;
  args: string[];
  /** Mounted in the container; `volume:/path` or `volume:/path:ro`. */
  volumes?: string[];
  /** Folder whose content is copied to the container's root before it starts. */
  files?: string;
  /** Port of the container that is to be reached from here. */
  port?: number;
}

/** The Docker engine, and all that one check makes in it: labelled, so that it can be removed whatever happens. */
export class Docker {
  private readonly owned = `${label}=${randomBytes(6).toString("hex")}`;
  private volumes = 0;
  /** Paths that containers have added, changed or deleted in their own layer, by path. */
  readonly written = new Set<string>();

  private constructor(readonly hasBridge: boolean) {}

  /** @throws UserError when no engine answers. */
  static async connect(): Promise<Docker> {
    const { code, stderr } = await run("docker", ["info"], { timeout: quickMs });
    if (code === "ENOENT") throw new UserError(noEngine("the program 'docker' is not installed"));
    if (code !== 0) throw new UserError(noEngine(lastLine(stderr)));
    const bridge = await run("docker", ["network", "inspect", "bridge"], { timeout: quickMs });
    return new Docker(bridge.code === 0);
  }

  /** Standard output of a docker command. @throws UserError with the engine's own words. */
  async call(args: string[], timeoutMs = quickMs): Promise<string> {
    throwIfInterrupted();
    const { code, stdout, stderr } = await run("docker", args, {
      timeout: timeoutMs,
      signal: interruptSignal,
    });
    throwIfInterrupted();
    if (code === 0) return stdout;
    throw new UserError(`'docker ${args[0]}' failed: ${lastLine(stderr) || `code ${code}`}.`);
  }

  /** A new, empty volume. */
  async createVolume(): Promise<string> {
    const name = `${this.owned.replace("=", "-")}-${++this.volumes}`;
    await this.call(["volume", "create", "--label", this.owned, name]);
    return name;
  }

  /** Makes a container without starting it. */
  async create({ image, args, volumes = [], files, port }: ContainerOptions): Promise<string> {
    const network = this.hasBridge
      ? port === undefined
        ? []
        : ["--publish", `127.0.0.1::${port}`]
      : ["--network", "host"];
    const mounts = volumes.flatMap((volume) => ["--volume", volume]);
    const created = await this.call(["create", "--label", this.owned, ...network, ...mounts, image, ...args]);
    const id = created.trim();
    if (files) await this.call(["cp", `${files}/.`, `${id}:/`], 20 * quickMs);
    return id;
  }

  async start(options: ContainerOptions): Promise<Container> {
    const id = await this.create(options);
    const startedAt = performance.now();
    await this.call(["start", id]);
    const ended = run("docker", ["wait", id]).then(({ code, stdout }) => (code === 0 ? Number(stdout) : -1));
    return { id, startedAt, ended };
  }

  /** Where a port of a container is reached on this machine. */
  async hostPort(id: string, port: number): Promise<number> {
    if (!this.hasBridge) return port;
    const [address = ""] = (await this.call(["port", id, `${port}/tcp`])).split("\n");
    return Number(address.slice(address.lastIndexOf(":") + 1));
  }

  async sendSigterm(id: string): Promise<void> {
    await run("docker", ["kill", "--signal", "TERM", id], { timeout: quickMs });
  }

  /** The last words of a container on stdout and stderr, in one line. */
  async lastWords(id: string): Promise<string> {
    const { stdout, stderr } = await run("docker", ["logs", "--tail", "3", id], { timeout: quickMs });
    const words = `${stdout} ${stderr}`.replace(/\s+/g, " ").trim();
    return words ? `its last words: ${words.slice(-300)}` : "it said nothing";
  }

  /** Whether a container's file could be copied to `target`. */
  async copyOut(id: string, path: string, target: string): Promise<boolean> {
    throwIfInterrupted();
    const { code } = await run("docker", ["cp", `${id}:${path}`, target], {
      timeout: 20 * quickMs,
      signal: interruptSignal,
    });
    return code === 0;
  }

  /** Removes a container; what it had written into its own layer is kept in `written`. */
  async remove({ id, ended }: Pick<Container, "id" | "ended">): Promise<void> {
    const { stdout } = await run("docker", ["diff", id], { timeout: quickMs });
    for (const line of stdout.split("\n").filter(Boolean)) this.written.add(line.slice(2));
    await run("docker", ["rm", "--force", "--volumes", id], { timeout: quickMs });
    await ended;
  }

  /** Removes all containers and volumes of this check. Works after an interruption, too. */
  async removeAll(): Promise<void> {
    const filter = ["--quiet", "--filter", `label=${this.owned}`];
    const containers = lines((await run("docker", ["ps", "--all", ...filter])).stdout);
    if (containers.length) await run("docker", ["rm", "--force", "--volumes", ...containers]);
    const volumes = lines((await run("docker", ["volume", "ls", ...filter])).stdout);
    if (volumes.length) await run("docker", ["volume", "rm", "--force", ...volumes]);
  }
}

const lines = (text: string) => text.split("\n").filter(Boolean);

const lastLine = (text: string) => lines(text.trim()).at(-1)?.replace(/\.$/, "") ?? "";

const noEngine = (reason: string) =>
  `An image can only be checked with a Docker engine, and none answers here: ${reason}. Install one ` +
  "(https://docs.docker.com/get-docker) or start it, see that 'docker info' works, then run the same command again.";
