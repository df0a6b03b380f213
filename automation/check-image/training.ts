import {
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  chmodSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { interruptSignal, throwIfInterrupted } from "../interrupt";
import { type Container, type Docker } from "./docker";
import { type Inputs } from "./inputs";
import { type Limits } from "./limits";
import { Skipped } from "./rule";

/** How one run of `train` ended. */
export interface Trained {
  /** Undefined when it did not end within its limit. */
  code: number | undefined;
  seconds: number;
  /** Text of /opt/ml/output/failure; undefined when there is no such file. */
  failure: string | undefined;
  lastWords: string;
}

const rubbish = Buffer.from("\0\x01 this is no data \xff\xfe\n".repeat(20), "latin1");

/** Runs of `train` under SageMaker's folders, each made when it is first asked for. */
export class Training {
  private runs: Partial<Record<"good" | "bad", Promise<Trained>>> = {};
  /** Volume with what the run with good data has left in /opt/ml/model. */
  modelVolume: string | undefined;

  constructor(
    private readonly docker: Docker,
    private readonly image: string,
    private readonly inputs: Inputs,
    private readonly limits: Limits,
    private readonly folder: string,
  ) {}

  /** With the data that the user has given. */
  onGoodData(): Promise<Trained> {
    return (this.runs.good ??= this.run("good"));
  }

  /** With the same files, each of them full of rubbish. */
  onBadData(): Promise<Trained> {
    return (this.runs.bad ??= this.run("bad"));
  }

  /**
   * Sends SIGTERM in the middle of a run.
   * @returns seconds from then until its end; undefined when it did not end within the limit.
   * @throws Skipped when it had ended before.
   */
  async stopped(): Promise<number | undefined> {
    const { code, ...run } = await this.onGoodData();
    if (code === undefined) throw new Skipped("train does not end by itself");
    let { seconds } = run;
    // A run may be much shorter than the one before, when the machine had other work then.
    for (let attempt = 0; attempt < 3; attempt++) {
      const { job } = await this.start("good");
      const before = await endsWithin(job, Math.min(seconds / 2, 5));
      if (before === undefined) return this.stop(job);
      seconds = (performance.now() - job.startedAt) / 1000;
      void this.docker.remove(job);
    }
    throw new Skipped("train had ended before SIGTERM could be sent");
  }

  private async stop(job: Container): Promise<number | undefined> {
    const sentAt = performance.now();
    await this.docker.sendSigterm(job.id);
    const after = await endsWithin(job, this.limits.trainStopSeconds);
    const took = (performance.now() - sentAt) / 1000;
    void this.docker.remove(job);
    return after === undefined ? undefined : took;
  }

  private async run(data: "good" | "bad"): Promise<Trained> {
    const { job, volume } = await this.start(data);
    const code = await endsWithin(job, this.limits.trainSeconds);
    const seconds = (performance.now() - job.startedAt) / 1000;
    const lastWords = await this.docker.lastWords(job.id);
    const file = join(this.folder, `failure-${data}`);
    const found = await this.docker.copyOut(job.id, "/opt/ml/output/failure", file);
    const failure = found && statSync(file).isFile() ? readFileSync(file, "utf8") : undefined;
    void this.docker.remove(job);
    if (data === "good" && code === 0) this.modelVolume = volume;
    return { code, seconds, failure, lastWords };
  }

  private async start(data: "good" | "bad"): Promise<{ job: Container; volume: string }> {
    if (!this.inputs.trainData) throw new Skipped("there is no data for train: give some with --train-data");
    const files = this.prepare(data, this.inputs.trainData);
    const volume = await this.docker.createVolume();
    const volumes = [`${volume}:/opt/ml/model`];
    const job = await this.docker.start({ image: this.image, args: ["train"], volumes, files });
    rmSync(files, { recursive: true });
    return { job, volume };
  }

  /** The folders and files that SageMaker prepares for a training job, below a folder of this machine. */
  private prepare(data: "good" | "bad", trainData: string): string {
    const files = join(this.folder, `train-${data}`);
    const ml = join(files, "opt", "ml");
    const config = join(ml, "input", "config");
    for (const path of [config, join(ml, "model"), join(ml, "output", "data")])
      mkdirSync(path, { recursive: true });
    const channels = readdirSync(trainData, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const channel = {
      TrainingInputMode: "File",
      S3DistributionType: "FullyReplicated",
      RecordWrapperType: "None",
    };
    const documents = {
      "hyperparameters.json": this.inputs.hyperparameters,
      "resourceconfig.json": { current_host: "algo-1", hosts: ["algo-1"], network_interface_name: "eth0" },
      "inputdataconfig.json": Object.fromEntries(channels.map(({ name }) => [name, channel])),
    };
    for (const [name, document] of Object.entries(documents))
      writeFileSync(join(config, name), JSON.stringify(document));
    cpSync(trainData, join(ml, "input", "data"), { recursive: true, dereference: true });
    for (const entry of readdirSync(ml, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (data === "bad" && entry.isFile() && entry.parentPath !== config) writeFileSync(path, rubbish);
      // Users of images that do not run as root must be able to write here.
      chmodSync(path, entry.isDirectory() ? 0o777 : 0o666);
    }
    chmodSync(ml, 0o777);
    return files;
  }
}

/** Exit code of a container, undefined when it has not ended after so many seconds. */
export async function endsWithin({ ended }: Container, seconds: number): Promise<number | undefined> {
  throwIfInterrupted();
  const timer = new AbortController();
  const { signal } = timer;
  const stop = () => timer.abort();
  interruptSignal.addEventListener("abort", stop);
  try {
    return await Promise.race([ended, sleep(seconds * 1000, undefined, { signal }).catch(() => undefined)]);
  } finally {
    interruptSignal.removeEventListener("abort", stop);
    stop();
    throwIfInterrupted();
  }
}
