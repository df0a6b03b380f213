import { mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { venvPython } from "../../supervisor/services";
import { LeashedChild } from "./child";
import { type Container, type ContainerSpec, type Executors, closeGraceSeconds, loopback } from "./executor";

/** Runs an image's entry point as a plain process in the unpacked build context: no Docker needed. */
export class ProcessExecutor implements Executors {
  readonly sharesPorts = true;
  readonly machine = loopback;
  private readonly running = new Set<Container>();
  private closed = false;

  /** Of an earlier server nothing runs any more: the leash has ended it. */
  async open(): Promise<void> {}

  async expose(): Promise<void> {}

  connect(): Promise<string> {
    return Promise.resolve("host");
  }

  async disconnect(): Promise<void> {}

  run(spec: ContainerSpec): Container {
    if (this.closed) throw new Error("this server is being stopped");
    const { image, mlFolder } = spec;
    const command = [...(spec.entrypoint ?? image.entrypoint), ...spec.arguments];
    const scratch = join(mlFolder, "..", "tmp");
    mkdirSync(scratch, { recursive: true });
    const child = new LeashedChild({
      command,
      cwd: image.folder,
      env: {
        // As little of this machine as a container would see; a home of its own keeps the user's ~/.aws out.
        HOME: scratch,
        TMPDIR: scratch,
        LANG: "C.UTF-8",
        ...image.env,
        ...spec.environment,
        PATH: [dirname(venvPython), process.env.PATH ?? ""].join(delimiter),
        SAGEMAKER_BASE_DIR: mlFolder,
      },
      onLine: spec.onLine,
    });
    const container: Container = {
      exited: child.exited,
      stop: (graceSeconds) => child.stop(graceSeconds),
      address: () => Promise.resolve(`${loopback}:${spec.port}`),
    };
    this.running.add(container);
    void container.exited.then(() => this.running.delete(container));
    return container;
  }

  /** There is nothing else to run than what was unpacked here. */
  find(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.running].map((container) => container.stop(closeGraceSeconds)));
  }
}
