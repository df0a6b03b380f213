import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { platform, userInfo } from "node:os";
import { join } from "node:path";
import type { LocalImage } from "../../images";
import { LeashedChild } from "./child";
import { docker, dockerIds, tryDocker } from "./docker-command";
import {
  type Container,
  type ContainerSpec,
  type Executors,
  type NetworkRequest,
  closeGraceSeconds,
  loopback,
  mlPrefix,
} from "./executor";
import { Networks, removeNetworks } from "./networks";

/** Runs images in a Docker engine, on networks of its own; where the engine makes none, on this machine's. */
export class DockerExecutor implements Executors {
  private readonly running = new Set<Container>();
  private closed = false;
  private networks: Networks | undefined;
  /** What the names of all containers and networks of this home begin with. */
  private readonly prefix: string;
  private readonly label: string;

  constructor(home: string) {
    this.prefix = `slipway-${createHash("sha256").update(home).digest("hex").slice(0, 8)}`;
    this.label = `slipway.sagemaker.home=${home}`;
  }

  get sharesPorts(): boolean {
    return this.networks === undefined;
  }

  get machine(): string {
    return this.networks?.machine ?? loopback;
  }

  async open(cloudUrl: string): Promise<void> {
    await this.removeLeftovers();
    this.networks = await Networks.open(this.prefix, this.label, portOf(cloudUrl)).catch((error: Error) => {
      console.error(`${error.message}. Containers share the ports of this machine.`);
      return undefined;
    });
  }

  async expose(url: string): Promise<void> {
    await this.networks?.expose(portOf(url));
  }

  connect(request: NetworkRequest): Promise<string> {
    return this.networks?.provide(request) ?? Promise.resolve("host");
  }

  async disconnect(network: string): Promise<void> {
    await this.networks?.remove(network);
  }

  run(spec: ContainerSpec): Container {
    if (this.closed) throw new Error("this server is being stopped");
    const name = `${this.prefix}-${spec.name}`.replace(/[^a-zA-Z0-9_.-]/g, "-");
    const child = new LeashedChild({
      command: ["docker", "run", ...this.options(name, spec), ...commandLine(spec)],
      env: process.env,
      onLine: spec.onLine,
    });
    const exited = child.exited.then(async (code) => {
      await giveBack(spec);
      return code;
    });
    const container: Container = {
      exited,
      stop: async (graceSeconds) => {
        // The engine's own stop also reaches a container that is still being created or whose client has gone.
        await docker("stop", "-t", `${graceSeconds}`, name);
        await child.stop(graceSeconds);
        await exited;
      },
      address: () => this.addressOf(name, spec.port),
    };
    this.running.add(container);
    void exited.then(() => this.running.delete(container));
    return container;
  }

  async find(uri: string): Promise<LocalImage | undefined> {
    const digest = (await docker("image", "inspect", "--format", "{{.Id}}", uri)).trim();
    // What its ENTRYPOINT and ENV are, the engine knows.
    return digest ? { uri, digest, entrypoint: [], env: {}, dockerImage: uri } : undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.running].map((container) => container.stop(closeGraceSeconds)));
    await this.removeLeftovers();
    this.networks?.close();
  }

  private async removeLeftovers(): Promise<void> {
    const ids = await dockerIds("ps", "--all", "--quiet", "--filter", `label=${this.label}`);
    if (ids.length > 0) await docker("rm", "--force", ...ids);
    await removeNetworks(this.label);
  }

  private options(name: string, spec: ContainerSpec): string[] {
    const { mlFolder, environment, entrypoint } = spec;
    const variables = Object.entries(environment).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
    const model = `${join(mlFolder, "model")}:${mlPrefix}/model:ro`;
    return [
      ...["--rm", "--name", name, "--label", this.label, ...this.networkOptions(spec)],
      ...["--volume", `${mlFolder}:${mlPrefix}`, ...(spec.readOnlyModel ? ["--volume", model] : [])],
      ...variables,
      // Docker takes one word here; the others precede the arguments.
      ...(entrypoint ? ["--entrypoint", entrypoint[0] ?? ""] : []),
    ];
  }

  private networkOptions({ network, hostName, hostNames = [], port }: ContainerSpec): string[] {
    const options = ["--network", network];
    if (!this.networks)
      return [...options, ...hostNames.flatMap((host) => ["--add-host", `${host}:${loopback}`])];
    if (hostName) options.push("--hostname", hostName);
    if (hostName && hostNames.length > 1) options.push("--network-alias", hostName);
    if (!this.networks.areReachable) {
      options.push("--add-host", `${this.machine}:host-gateway`);
      if (port) options.push("--publish", `${loopback}::${port}`);
    }
    return options;
  }

  private async addressOf(name: string, port = 0): Promise<string | undefined> {
    if (!this.networks) return `${loopback}:${port}`;
    if (!this.networks.areReachable) {
      const published = await tryDocker("port", name, `${port}/tcp`);
      return published.stdout.split("\n")[0] || undefined;
    }
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    const ip = await tryDocker("inspect", "--format", format, name);
    return ip.stdout ? `${ip.stdout}:${port}` : undefined;
  }
}

const portOf = (url: string) => Number(new URL(url).port);

/** The image and what comes after it. */
const commandLine = ({ image, entrypoint, arguments: args }: ContainerSpec) => [
  image.dockerImage ?? image.uri,
  ...(entrypoint?.slice(1) ?? []),
  ...args,
];

/** Makes this user the owner of what the container's root has written: on Linux it could not be removed otherwise. */
async function giveBack({ image, mlFolder }: ContainerSpec): Promise<void> {
  const { uid, gid } = userInfo();
  if (platform() !== "linux" || uid === 0) return;
  const mount = ["--volume", `${mlFolder}:${mlPrefix}`];
  // This machine's own program: an image need not have one.
  const programs = ["/usr", "/bin", "/lib", "/lib64"].filter(existsSync);
  const system = programs.flatMap((path) => ["--volume", `${path}:${path}:ro`]);
  const chown = ["--entrypoint", "chown", image.dockerImage ?? image.uri, "-R", `${uid}:${gid}`, mlPrefix];
  await docker("run", "--rm", "--user", "0", "--network", "none", ...mount, ...system, ...chown);
}
