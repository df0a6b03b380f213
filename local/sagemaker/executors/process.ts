import { mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { venvPython } from "../../supervisor/services";
import { LeashedChild } from "./child";
import { type Container, type ContainerSpec, type Executors, closeGraceSeconds } from "./executor";

/** Runs an image's entry point as a plain process in the unpacked build context: no Docker needed. */
export class ProcessExecutor implements Executors {
  private readonly running = new Set<Container>();
  private closed = false;

  run(spec: ContainerSpec): Container {
    if (this.closed) throw new Error("this server is being stopped");
    const { image, mlFolder } = spec;
    const command = [...(spec.entrypoint ?? image.entrypoint), ...spec.arguments];
    const scratch = join(mlFolder, "..", "tmp");
    mkdirSync(scratch, { recursive: true });
    const container = new LeashedChild({
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
    this.running.add(container);
    void container.exited.then(() => this.running.delete(container));
    return container;
  }

  /** There is nothing else to run than what was unpacked here. */
  find(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  /** The leash has ended them. */
  async removeLeftovers(): Promise<void> {}

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.running].map((container) => container.stop(closeGraceSeconds)));
  }
}
