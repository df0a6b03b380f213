import { networkInterfaces } from "node:os";
import { UserError } from "../errors";
import { interruptSignal, throwIfInterrupted } from "../interrupt";
import { run } from "../run";
import { removeLeftBehind } from "./belongings";

const quickMs = 60_000;

/** Where a server is reached from here. */
export interface Address {
  host: string;
  port: number;
  /** Whether it is Docker's proxy that accepts connections there, not the server. */
  proxied: boolean;
}

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
  private volumes = 0;
  private readonly removals: Promise<string[]>[] = [];

  private constructor(
    private readonly label: string,
    /** Undefined when the engine has none to give: then containers use this machine's own. */
    private readonly network: string | undefined,
  ) {}

  /**
   * Finds the engine, removes what killed checks have left in it, and makes a network for this one.
   * @param label for all that it makes. @throws UserError when no engine answers.
   */
  static async connect(label: string): Promise<Docker> {
    const { code, stderr } = await run("docker", ["info"], { timeout: quickMs, signal: interruptSignal });
    throwIfInterrupted();
    if (code === "ENOENT") throw new UserError(noEngine("the program 'docker' is not installed"));
    if (code !== 0) throw new UserError(noEngine(lastLine(stderr)));
    await removeLeftBehind();
    const network = nameFor(label);
    const made = await run("docker", ["network", "create", "--label", label, network], { timeout: quickMs });
    return new Docker(label, made.code === 0 ? network : undefined);
  }

  /** Whether the ports of containers are this machine's own. */
  get sharesPorts(): boolean {
    return this.network === undefined;
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
    const name = `${nameFor(this.label)}-${++this.volumes}`;
    await this.call(["volume", "create", "--label", this.label, name]);
    return name;
  }

  /** Makes a container without starting it. */
  async create({ image, args, volumes = [], files, port }: ContainerOptions): Promise<string> {
    const publish = this.network && port !== undefined ? ["--publish", `127.0.0.1::${port}`] : [];
    const mounts = volumes.flatMap((volume) => ["--volume", volume]);
    const labelled = ["create", "--label", this.label, "--network", this.network ?? "host"];
    const created = await this.call([...labelled, ...publish, ...mounts, image, ...args]);
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

  /**
   * Where a port of a running container is reached from here: at its own address when the engine's network is one of
   * this machine's, otherwise (the engine runs in a virtual machine, say) through Docker's proxy.
   */
  async addressOf(id: string, port: number): Promise<Address> {
    if (!this.network) return { host: "127.0.0.1", port, proxied: false };
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.Gateway}}{{end}}";
    const [host, gateway] = (await this.call(["inspect", "--format", format, id])).trim().split(" ");
    const here = Object.values(networkInterfaces()).flat();
    if (host && here.some((own) => own?.address === gateway)) return { host, port, proxied: false };
    const [published = ""] = (await this.call(["port", id, `${port}/tcp`])).split("\n");
    return {
      host: "127.0.0.1",
      port: Number(published.slice(published.lastIndexOf(":") + 1)),
      proxied: true,
    };
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

  /** Removes a container. Nobody has to wait for it. */
  async remove({ id, ended }: Pick<Container, "id" | "ended">): Promise<void> {
    const remove = async () => {
      const { stdout } = await run("docker", ["diff", id], { timeout: quickMs });
      await run("docker", ["rm", "--force", "--volumes", id], { timeout: quickMs });
      await ended;
      return lines(stdout).map((line) => line.slice(2));
    };
    const removal = remove();
    this.removals.push(removal);
    await removal;
  }

  /** Paths that removed containers had added, changed or deleted in their own layers. */
  async written(): Promise<string[]> {
    return [...new Set((await Promise.all(this.removals)).flat())];
  }
}

/** Docker's names take no slashes; the last part of the label is one of a kind. */
const nameFor = (label: string) => `slipway-check-image-${label.slice(label.lastIndexOf("/") + 1)}`;

const lines = (text: string) => text.split("\n").filter(Boolean);

const lastLine = (text: string) => lines(text.trim()).at(-1)?.replace(/[.?]$/, "") ?? "";

const noEngine = (reason: string) =>
  `An image can only be checked with a Docker engine, and none answers here: ${reason}. Install one ` +
  "(https://docs.docker.com/get-docker) or start it, see that 'docker info' works, then run the same command again.";
