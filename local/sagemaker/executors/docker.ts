import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { platform, userInfo } from "node:os";
import { join } from "node:path";
import type { LocalImage } from "../../images";
import { LeashedChild } from "./child";
import { type Container, type ContainerSpec, type Executors, closeGraceSeconds, mlPrefix } from "./executor";

const label = "slipway.sagemaker.home";

/** Runs images in a Docker engine, on the host's network as there is nothing else to reach the laptop target by. */
export class DockerExecutor implements Executors {
  private readonly running = new Set<Container>();
  private closed = false;

  constructor(private readonly home: string) {}

  run(spec: ContainerSpec): Container {
    if (this.closed) throw new Error("this server is being stopped");
    const name = this.containerName(spec.name);
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

  async removeLeftovers(): Promise<void> {
    const listed = await docker("ps", "--all", "--quiet", "--filter", `label=${label}=${this.home}`);
    const ids = listed.split("\n").filter((id) => id !== "");
    if (ids.length > 0) await docker("rm", "--force", ...ids);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.running].map((container) => container.stop(closeGraceSeconds)));
    await this.removeLeftovers();
  }

  private options(name: string, spec: ContainerSpec): string[] {
    const { mlFolder, environment, entrypoint, hostNames = [] } = spec;
    const variables = Object.entries(environment).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
    const model = `${join(mlFolder, "model")}:${mlPrefix}/model:ro`;
    return [
      ...["--rm", "--name", name, "--label", `${label}=${this.home}`, "--network", "host"],
      ...["--volume", `${mlFolder}:${mlPrefix}`, ...(spec.readOnlyModel ? ["--volume", model] : [])],
      ...hostNames.flatMap((host) => ["--add-host", `${host}:127.0.0.1`]),
      ...variables,
      // Docker takes one word here; the others precede the arguments.
      ...(entrypoint ? ["--entrypoint", entrypoint[0] ?? ""] : []),
    ];
  }

  private containerName(name: string): string {
    const home = createHash("sha256").update(this.home).digest("hex").slice(0, 8);
    return `slipway-${home}-${name}`.replace(/[^a-zA-Z0-9_.-]/g, "-");
  }
}

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
  const chown = ["--entrypoint", "chown", image.dockerImage ?? image.uri, "-R", `${uid}:${gid}`, mlPrefix];
  await docker("run", "--rm", "--user", "0", "--network", "none", ...mount, ...chown);
}

/** Standard output of a docker command; a failure is logged, as the engine may be gone. */
function docker(...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile("docker", args, (error, stdout, stderr) => {
      if (error && !/No such (container|image)/.test(stderr))
        console.error(`docker ${args[0]}: ${stderr || error.message}`);
      resolve(stdout);
    });
  });
}
