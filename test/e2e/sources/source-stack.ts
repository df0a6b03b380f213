import { IAMClient, SimulatePrincipalPolicyCommand } from "@aws-sdk/client-iam";
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateScheduleCommand, GetScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { type Stack } from "@pulumi/pulumi/automation";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { takeSnapshot } from "../../../automation/data/snapshot";
import { readContext } from "../../../components/shared/context";
import { DataBucket } from "../../../components/data/data-bucket";
import { ResultsTopic } from "../../../components/results/results-topic";
import { StateTable } from "../../../components/data/state-table";
import { type SourceArgs } from "../../../components/sources/data-source";
import { type IngestResult } from "../../../handlers/shared/landing/landing";
import { recordSchema } from "../../../handlers/shared/schema";
import { type ServiceName } from "../../../local/supervisor/services";
import { startCloud, type TestCloud } from "../../local/providers/cloud";
import { testStack } from "../../local/providers/stack";

/** The part of Slipway that sources need, on the stock engine and a local cloud that is gone afterwards. */
export class SourceStack {
  private constructor(
    private readonly home: string,
    readonly cloud: TestCloud,
    readonly stack: Stack,
  ) {}

  /** Undefined when this machine has no Pulumi CLI. `declare` makes the sources; `more` servers than the cloud run. */
  static async start(
    declare: (common: Omit<SourceArgs, "source">) => void,
    ...more: ServiceName[]
  ): Promise<SourceStack | undefined> {
    const home = mkdtempSync(join(tmpdir(), "slipway-sources-"));
    const cloud = await startCloud(home, ...more);
    const program = async () => {
      const context = await readContext();
      const data = new DataBucket("data", { context, deleteData: true });
      const results = new ResultsTopic("results", {
        context,
        state: new StateTable("state", { context, deleteData: true }),
        subscribers: [],
        digestSeconds: 0,
        logRetentionDays: 7,
      });
      declare({ context, data, results, logRetentionDays: 7 });
      return { bucket: data.bucket.bucket };
    };
    const stack = await testStack("sources", program, cloud, home, "path");
    if (stack) return new SourceStack(home, cloud, stack);
    await cloud.stop();
    return undefined;
  }

  async stop(): Promise<void> {
    await this.cloud.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  get clientSettings() {
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    return { region: "us-east-1", endpoint: this.cloud.url, credentials };
  }

  get s3() {
    return new S3Client({ ...this.clientSettings, forcePathStyle: true });
  }

  /** Of the data bucket. */
  async bucket(): Promise<string> {
    return (await this.stack.outputs()).bucket?.value as string;
  }

  async put(Bucket: string, Key: string, Body: Buffer | string): Promise<void> {
    await this.s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  }

  /** Runs the source, as its schedule or `event` does. @throws Error with the Lambda's words when it fails. */
  async run(source: string, event: object = { action: "run" }): Promise<IngestResult> {
    const FunctionName = `plugins-sources-ingest-${source}`;
    const Payload = JSON.stringify(event);
    const answer = await new LambdaClient(this.clientSettings).send(
      new InvokeCommand({ FunctionName, Payload }),
    );
    const text = answer.Payload?.transformToString() ?? "";
    if (answer.FunctionError) throw new Error((JSON.parse(text) as { errorMessage: string }).errorMessage);
    return JSON.parse(text) as IngestResult;
  }

  /** Brings back what the source has removed from `incoming/`: as if its run had been killed before it did. */
  async restore(source: string): Promise<number> {
    const Bucket = await this.bucket();
    const Prefix = `incoming/${source}/`;
    const { DeleteMarkers = [] } = await this.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
    for (const { Key, VersionId } of DeleteMarkers) {
      await this.s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
    return DeleteMarkers.length;
  }

  /**
   * Gives the source back what it remembered when it last was as `moment` says: as if its run had been killed then, and
   * its time were over.
   */
  async rewind(source: string, moment: (state: Record<string, unknown>) => boolean): Promise<void> {
    const Bucket = await this.bucket();
    const Key = `sources/${source}/state.json`;
    const { Versions = [] } = await this.s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
    for (const { VersionId } of Versions) {
      const { Body } = await this.s3.send(new GetObjectCommand({ Bucket, Key, VersionId }));
      const state = JSON.parse(await Body!.transformToString()) as Record<string, unknown>;
      if (moment(state)) return this.put(Bucket, Key, JSON.stringify({ ...state, lease: undefined }));
    }
    throw new Error(`The source ${source} never was in such a state`);
  }

  /** A second schedule, of now, with the target and role of the source's own, which AWS runs once a minute at most. */
  async runScheduleNow(source: string): Promise<void> {
    const client = new SchedulerClient(this.clientSettings);
    const Name = `plugins-sources-ingest-${source}`;
    const { Target, FlexibleTimeWindow } = await client.send(new GetScheduleCommand({ Name }));
    const ScheduleExpression = `at(${new Date().toISOString().slice(0, 19)})`;
    const schedule = { Name: `${Name}-now`, Target, FlexibleTimeWindow, ScheduleExpression };
    await client.send(new CreateScheduleCommand({ ...schedule, ActionAfterCompletion: "DELETE" }));
  }

  /** What IAM says of each action and resource, for the role of the source's Lambda. */
  async decisions(source: string, questions: Record<string, string[]>): Promise<(string | undefined)[]> {
    const FunctionName = `plugins-sources-ingest-${source}`;
    const { Role } = await new LambdaClient(this.clientSettings).send(
      new GetFunctionConfigurationCommand({ FunctionName }),
    );
    const iam = new IAMClient(this.clientSettings);
    const answers: (string | undefined)[] = [];
    for (const [action, arns] of Object.entries(questions)) {
      for (const arn of arns) {
        const input = { PolicySourceArn: Role, ActionNames: [action], ResourceArns: [arn] };
        const { EvaluationResults } = await iam.send(new SimulatePrincipalPolicyCommand(input));
        answers.push(EvaluationResults?.[0]?.EvalDecision);
      }
    }
    return answers;
  }

  /** Types of the resources that the stack has. */
  async resources(): Promise<string[]> {
    const state = (await this.stack.exportStack()).deployment as { resources?: { type: string }[] };
    const { resources = [] } = state;
    return resources.map(({ type }) => type);
  }

  /** The JSON documents of the data bucket under `prefix` whose keys end so. */
  async documents(prefix: string, ending: string): Promise<Record<string, unknown>[]> {
    const Bucket = await this.bucket();
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket, Prefix: prefix }));
    const keys = Contents.map(({ Key }) => Key!).filter((key) => key.endsWith(ending));
    const read = async (Key: string) => {
      const { Body } = await this.s3.send(new GetObjectCommand({ Bucket, Key }));
      return JSON.parse(await Body!.transformToString()) as Record<string, unknown>;
    };
    return Promise.all(keys.map(read));
  }

  /** What a snapshot makes of all that the source has landed; `broken` are the rows that it rejects. */
  async snapshot(source: string) {
    const bucket = await this.bucket();
    const work = { s3: this.s3, bucket, schema: recordSchema, source, now: () => undefined };
    const { snapshot, rejected } = await takeSnapshot(work);
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: rejected }));
    const lines = (await Body!.transformToString()).split("\n").filter(Boolean);
    return { ...snapshot, broken: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
  }

  /** The lines of all that the source has landed as gzipped JSON Lines. */
  async lines(source: string): Promise<string[]> {
    const Bucket = await this.bucket();
    const lines: string[] = [];
    for (const manifest of await this.documents(`raw/${source}/`, ".manifest.json")) {
      const Key = manifest.object as string;
      const { Body } = await this.s3.send(new GetObjectCommand({ Bucket, Key }));
      lines.push(
        ...gunzipSync(await Body!.transformToByteArray())
          .toString()
          .trimEnd()
          .split("\n"),
      );
    }
    return lines;
  }

  /** What the source has landed, once it is so many inputs. */
  async landed(source: string, count: number): Promise<Record<string, unknown>[]> {
    for (;;) {
      const manifests = await this.documents(`raw/${source}/`, ".manifest.json");
      if (manifests.length >= count) return manifests;
      await sleep(200); // mocha's time limit ends it
    }
  }

  /** What the source has set aside. */
  setAside = (source: string) => this.documents(`rejected/${source}/`, ".reason.json");
}
