import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RoleSession } from "../aws/cloud";
import {
  TransferError,
  belowPrefix,
  downloadObject,
  listPrefix,
  parseS3Uri,
  readManifest,
  uploadFile,
} from "../aws/s3";
import { resolveVariant } from "../endpoints/deployed";
import { downloadModel } from "../endpoints/fleet";
import { Replica, UnhealthyContainer } from "../endpoints/replica";
import { tagObject, withMilliseconds } from "../events";
import type { Foundation } from "../platform";
import { type DeployedVariant, type TransformJobRecord, now, shownOf } from "../records";
import { batches } from "./batches";
import { JobFailure, clipped, failureReason, interruptedReason } from "./job-run";
import { type Parameters, agreeParameters, askModel } from "./transform-requests";

const megabyte = 1024 * 1024;
const newline = 0x0a;
const logGroup = "/aws/sagemaker/TransformJobs";

/** One object of the input: where it is, and the key of its result. */
interface Item {
  key: string;
  resultKey: string;
}

/** Thrown to leave a job that is to stop. */
class Stopped extends Error {}

/**
 * A batch transform job, from its first status to its last. It serves the model in containers of its own, sends them
 * the input object by object and uploads what they answer as `<key>.out`. Objects and results pass through files of
 * this machine: in memory are only the requests in flight.
 */
export class TransformJob {
  readonly run = { stop: (why: "stopped" | "interrupted") => this.stop(why) };
  private readonly folder: string;
  private readonly abort = new AbortController();
  private readonly stopping = once(this.abort.signal, "abort");
  private stopped: "stopped" | "interrupted" | undefined;
  /** Of the input. */
  private bucket = "";

  constructor(
    private readonly platform: Foundation,
    private readonly name: string,
  ) {
    this.folder = join(platform.settings.home, "sagemaker", "work", `transform-job-${name}`);
  }

  /** Runs the job to its end; whatever goes wrong becomes its FailureReason. */
  async execute(): Promise<void> {
    const sessions: RoleSession[] = [];
    const replicas: Replica[] = [];
    try {
      await rm(this.folder, { recursive: true, force: true });
      await mkdir(this.folder, { recursive: true });
      this.update({ TransformStartTime: now() });
      const deployed = await this.deployed();
      const session = this.platform.cloud.session(deployed.roleArn);
      sessions.push(session);
      const items = await this.items(session);
      replicas.push(...this.replicas(deployed, session));
      await this.prepare(replicas, deployed, session);
      const queue = [...items];
      await Promise.all(replicas.map((replica) => this.work(replica, queue, session)));
      this.check();
      await this.close(replicas, sessions);
      this.finish("Completed");
    } catch (error) {
      this.abort.abort(); // the other instances' work, when one has failed
      await this.close(replicas, sessions);
      if (this.stopped === "interrupted") this.finish("Failed", interruptedReason);
      else if (this.stopped) this.finish("Stopped");
      else this.finish("Failed", reasonOf(error));
    }
  }

  private stop(why: "stopped" | "interrupted"): void {
    this.stopped ??= why;
    this.abort.abort();
  }

  /** @throws Stopped when the job is to stop. */
  private check(): void {
    if (this.abort.signal.aborted) throw new Stopped();
  }

  private async deployed(): Promise<DeployedVariant> {
    const record = this.record();
    const deployed = await resolveVariant(this.platform, {
      VariantName: this.name,
      ModelName: record.ModelName,
    });
    const told = {
      SAGEMAKER_BATCH: "true",
      ...(record.MaxPayloadInMB ? { SAGEMAKER_MAX_PAYLOAD_IN_MB: `${record.MaxPayloadInMB}` } : {}),
      ...(record.BatchStrategy ? { SAGEMAKER_BATCH_STRATEGY: record.BatchStrategy } : {}),
      ...(record.MaxConcurrentTransforms
        ? { SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: `${record.MaxConcurrentTransforms}` }
        : {}),
    };
    return { ...deployed, environment: { ...told, ...deployed.environment, ...record.Environment } };
  }

  private async items(session: RoleSession): Promise<Item[]> {
    const { TransformInput, TransformOutput } = this.record();
    const { S3Uri = "", S3DataType } = TransformInput?.DataSource?.S3DataSource ?? {};
    const output = parseS3Uri(TransformOutput?.S3OutputPath ?? "").key.replace(/\/+$/, "");
    const item = (key: string, below: string): Item => ({
      key,
      resultKey: [output, `${below}.out`].filter((part) => part !== "").join("/"),
    });
    if (S3DataType === "ManifestFile") {
      const file = join(this.folder, "manifest");
      const { prefix, names } = await readManifest(session, S3Uri, file, this.abort.signal);
      const { bucket, key } = parseS3Uri(prefix);
      this.bucket = bucket;
      return names.map((name) => item(key + name, name));
    }
    const { bucket, key: prefix } = parseS3Uri(S3Uri);
    this.bucket = bucket;
    const keys = await listPrefix(session, S3Uri, this.abort.signal);
    return keys.map((key) => item(key, belowPrefix(prefix, key)));
  }

  private replicas(deployed: DeployedVariant, session: RoleSession): Replica[] {
    const { settings } = this.platform;
    const count = Math.max(1, this.record().TransformResources?.InstanceCount ?? 1);
    return Array.from({ length: count }, (_, index) => {
      const number = count === 1 ? "" : `.${index + 1}`;
      return new Replica(this.platform, {
        ...{ deployed, session, servesFor: `transform job ${this.name}` },
        name: `transform-job-${this.name}`,
        mlFolder: join(this.folder, `instance-${index}`, "ml"),
        log: {
          file: join(settings.home, "sagemaker", "logs", "transform-jobs", `${this.name}${number}.log`),
          group: logGroup,
          stream: `${this.name}/i-${randomBytes(8).toString("hex")}`,
        },
      });
    });
  }

  private async prepare(
    replicas: Replica[],
    { modelData }: DeployedVariant,
    session: RoleSession,
  ): Promise<void> {
    await Promise.all(
      replicas.map(async (replica, index) => {
        await downloadModel(modelData, session, join(this.folder, `instance-${index}`, "ml", "model"));
        this.check();
        // A container that is still starting is not waited for when the job is to stop.
        await Promise.race([replica.start(), this.stopping]);
        this.check();
      }),
    );
  }

  /** Takes objects from the queue until it is empty. */
  private async work(replica: Replica, queue: Item[], session: RoleSession): Promise<void> {
    const parameters = await agreeParameters(replica, this.record());
    for (let item = queue.shift(); item; item = queue.shift()) {
      this.check();
      await this.transform(item, replica, parameters, session);
    }
  }

  private async transform(
    { key, resultKey }: Item,
    replica: Replica,
    parameters: Parameters,
    session: RoleSession,
  ): Promise<void> {
    const { TransformOutput } = this.record();
    const file = join(this.folder, randomBytes(6).toString("hex"));
    const uri = `s3://${this.bucket}/${key}`;
    await downloadObject(session, { bucket: this.bucket, key }, file, this.abort.signal);
    const result = `${file}.out`;
    await Promise.race([this.ask(file, result, uri, replica, parameters), this.stopping]);
    this.check();
    const { S3OutputPath = "", KmsKeyId } = TransformOutput ?? {};
    const target = { bucket: parseS3Uri(S3OutputPath).bucket, key: resultKey };
    await uploadFile(session, result, target, KmsKeyId).catch((error: unknown) => {
      throw new JobFailure(failureReason(error, "upload"));
    });
    for (const done of [file, result]) await rm(done);
  }

  /** Sends a file's records to the container and writes the answers, in the records' order, to `result`. */
  private async ask(
    file: string,
    result: string,
    uri: string,
    replica: Replica,
    { strategy, maxPayloadInMB, concurrency }: Parameters,
  ): Promise<void> {
    const record = this.record();
    const split = record.TransformInput?.SplitType === "Line" ? "Line" : "None";
    const bodies = batches(createReadStream(file), { split, strategy, maxBytes: maxPayloadInMB * megabyte });
    const asked = { uri, replica, record, signal: this.abort.signal };
    const byLines = record.TransformOutput?.AssembleWith === "Line";
    const output = await open(result, "w");
    try {
      await inOrder(
        bodies,
        concurrency,
        (body) => askModel(body, asked),
        (answer) => output.appendFile(byLines ? ended(answer) : answer),
      );
    } catch (error) {
      if (error instanceof TransferError) throw new JobFailure(`ClientError: ${uri}: ${error.message}`);
      throw error;
    } finally {
      await output.close();
    }
  }

  private async close(replicas: Replica[], sessions: RoleSession[]): Promise<void> {
    await Promise.all(replicas.map((replica) => replica.stop({ drainMs: 0 })));
    for (const session of sessions) {
      this.platform.containerCredentials.forget(session);
      session.close();
    }
    await rm(this.folder, { recursive: true, force: true }).catch((error: Error) =>
      console.error(`${this.folder} is left behind: ${error.message}`),
    );
  }

  private finish(status: "Completed" | "Failed" | "Stopped", reason?: string): void {
    this.update({
      TransformJobStatus: status,
      TransformEndTime: now(),
      ...(reason ? { FailureReason: clipped(reason) } : {}),
    });
  }

  private update(changes: Partial<TransformJobRecord>): void {
    updateTransformJob(this.platform, this.name, changes);
  }

  private record(): Readonly<TransformJobRecord> {
    const record = this.platform.stores.transformJobs.get(this.name);
    if (!record) throw new Error(`The transform job '${this.name}' is not known.`);
    return record;
  }
}

/** Does `work` for up to `limit` items at a time and hands the results on in the order of the items. */
async function inOrder<T, R>(
  items: AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
  take: (result: R) => Promise<unknown>,
): Promise<void> {
  const running: Promise<R>[] = [];
  for await (const item of items) {
    const begun = work(item);
    begun.catch(() => undefined); // its turn comes below
    running.push(begun);
    if (running.length >= limit) await take(await (running.shift() as Promise<R>));
  }
  for (const begun of running) await take(await begun);
}

/** An answer with a line break at its end. */
const ended = (answer: Buffer) =>
  answer.length === 0 || answer.at(-1) === newline ? answer : Buffer.concat([answer, Buffer.from("\n")]);

function reasonOf(error: unknown): string {
  if (error instanceof UnhealthyContainer) return `AlgorithmError: ${error.message}`;
  return failureReason(error, "download");
}

/** Changes a transform job and announces it. */
export function updateTransformJob(
  { stores, events }: Pick<Foundation, "stores" | "events">,
  name: string,
  changes: Partial<TransformJobRecord>,
): void {
  announceTransformJob(events, stores.transformJobs.update(name, changes));
}

export function announceTransformJob(events: Foundation["events"], record: TransformJobRecord): void {
  const detail = { ...withMilliseconds(shownOf(record)), Tags: tagObject(record.tags) };
  events.stateChange("SageMaker Transform Job", record.arn, detail);
}
