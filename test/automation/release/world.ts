import {
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateModelCommand,
  CreateTransformJobCommand,
  DeleteModelCommand,
  DescribeModelPackageCommand,
  DescribeTransformJobCommand,
  ListTransformJobsCommand,
  SageMakerClient,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { mockClient } from "aws-sdk-client-mock";
import { formatRelease } from "../../../components/release/current-release";
import { type GateSettings } from "../../../components/release/gate-settings";
import { type ReleaseContext } from "../../../automation/release/context";
import { type ReleaseRecord } from "../../../automation/release/record";

type Body = NonNullable<Awaited<ReturnType<typeof S3Client.prototype.send>>>;

/** How a container answers a request, given its place among the held-out rows; an Error: it does not serve. */
export type Container = (row: Record<string, unknown>, index: number) => object;

/** A bucket and a SageMaker in memory, as far as the gate asks them: transform jobs are done when they are created. */
export class World {
  readonly objects = new Map<string, string>();
  readonly containers = new Map<string, Container>();
  readonly approvals = new Map<string, { status: string; description?: string }>();
  readonly models = new Set<string>();
  readonly events: { kind: string; detail: Record<string, unknown> }[] = [];
  readonly jobs: string[] = [];
  served: string | undefined;
  private readonly failures = new Map<string, string>();

  constructor(readonly stack: string) {
    this.s3();
    this.sagemaker();
    mockClient(SSMClient)
      .on(GetParameterCommand)
      .callsFake(() => ({
        Parameter: { Value: this.served ? formatRelease(pointer(this.served)) : "none" },
      }));
    mockClient(SQSClient)
      .on(SendMessageCommand)
      .callsFake(({ MessageBody }: { MessageBody: string }) => {
        this.events.push(JSON.parse(MessageBody) as World["events"][number]);
        return {};
      });
  }

  context(gate: GateSettings): ReleaseContext {
    const region = { region: "us-east-1" };
    return {
      stack: { name: this.stack },
      outputs: { dataBucket: "data", jobPrefix: "slipway-unit-", releaseParameter: "p", gate },
      clients: {
        ...{ s3: new S3Client(region), sagemaker: new SageMakerClient(region) },
        ...{ ssm: new SSMClient(region), sqs: new SQSClient(region) },
      },
      pollSeconds: 0,
      output: {
        step: (_title: string, work: (progress: object) => unknown) =>
          work({ now: () => undefined, result: () => undefined }),
        note: () => undefined,
      },
    } as unknown as ReleaseContext;
  }

  /** A release that was trained, with held-out rows of its own: `fares` by host. */
  trained(id: string, container: Container, fares: Record<string, number[]>): ReleaseRecord {
    this.containers.set(id, container);
    this.approvals.set(`arn:${id}`, { status: "PendingManualApproval" });
    for (const [host, values] of Object.entries(fares)) {
      const rows = values.map((fare, index) => `${fare},${index % 2 ? "green" : "yellow"}`);
      const requests = values.map((fare, index) =>
        JSON.stringify({ distance: fare / 2, passengers: index % 4 }),
      );
      this.objects.set(
        `releases/${id}/processed/test/data${host}.csv`,
        ["fare,color", ...rows, ""].join("\n"),
      );
      this.objects.set(`releases/${id}/processed/holdout/requests${host}.jsonl`, `${requests.join("\n")}\n`);
    }
    const record: ReleaseRecord = {
      ...{
        id,
        createdAt: "2026-11-24T08:00:00.000Z",
        by: "ann",
        processingJob: "p",
        trainingJob: "t",
        metrics: {},
      },
      ingredients: {
        ...{ snapshot: "s", imageSource: "sha256:1c", imageUri: `image@sha256:${id}`, schema: "c" },
        hyperparameters: {},
      },
      ...{
        modelDataUrl: `s3://data/releases/${id}/model.tar.gz`,
        modelDataSha256: "2d",
        modelPackageArn: `arn:${id}`,
      },
    };
    this.objects.set(`releases/${id}/record.json`, JSON.stringify(record));
    return record;
  }

  private s3(): void {
    const s3 = mockClient(S3Client);
    s3.on(GetObjectCommand).callsFake(({ Key }: { Key: string }) => {
      const text = this.objects.get(Key);
      if (text === undefined) throw new NoSuchKey({ message: "no such key", $metadata: {} });
      return { Body: { transformToString: () => Promise.resolve(text) } as unknown as Body };
    });
    s3.on(PutObjectCommand).callsFake(({ Key, Body: text }: { Key: string; Body: string }) => {
      this.objects.set(Key, text);
      return {};
    });
    s3.on(ListObjectsV2Command).callsFake(({ Prefix }: { Prefix: string }) => ({
      Contents: [...this.objects.keys()].filter((Key) => Key.startsWith(Prefix)).map((Key) => ({ Key })),
    }));
  }

  private sagemaker(): void {
    const sagemaker = mockClient(SageMakerClient);
    sagemaker
      .on(CreateModelCommand)
      .callsFake(({ ModelName }: { ModelName: string }) => this.models.add(ModelName));
    sagemaker.on(DeleteModelCommand).callsFake(({ ModelName }: { ModelName: string }) => {
      if (!this.models.delete(ModelName))
        throw Object.assign(new Error(`Could not find model "${ModelName}".`), {
          name: "ValidationException",
        });
      return {};
    });
    sagemaker
      .on(ListTransformJobsCommand)
      .callsFake((input: { NameContains: string; StatusEquals: string }) => ({
        TransformJobSummaries: this.jobs
          .filter((name) => name.startsWith(input.NameContains) && !this.failures.has(name))
          .filter(() => input.StatusEquals === "Completed")
          .map((TransformJobName) => ({ TransformJobName })),
      }));
    sagemaker
      .on(CreateTransformJobCommand)
      .callsFake((input: CreateTransformJobCommand["input"]) => this.transform(input));
    sagemaker
      .on(DescribeTransformJobCommand)
      .callsFake(({ TransformJobName: name }: { TransformJobName: string }) => ({
        TransformJobStatus: this.failures.has(name) ? "Failed" : "Completed",
        FailureReason: this.failures.get(name),
      }));
    sagemaker
      .on(DescribeModelPackageCommand)
      .callsFake(({ ModelPackageName }: { ModelPackageName: string }) => {
        const { status, description } = this.approvals.get(ModelPackageName)!;
        return { ModelApprovalStatus: status, ApprovalDescription: description };
      });
    sagemaker.on(UpdateModelPackageCommand).callsFake((input: UpdateModelPackageCommand["input"]) => {
      const { ModelPackageArn = "", ModelApprovalStatus = "", ApprovalDescription } = input;
      this.approvals.set(ModelPackageArn, { status: ModelApprovalStatus, description: ApprovalDescription });
      return {};
    });
  }

  private transform({
    TransformJobName: name = "",
    TransformInput,
    TransformOutput,
  }: CreateTransformJobCommand["input"]) {
    this.jobs.push(name);
    const prefix = TransformInput?.DataSource?.S3DataSource?.S3Uri?.replace("s3://data/", "") ?? "";
    const output = TransformOutput?.S3OutputPath?.replace("s3://data/", "") ?? "";
    const container = this.containers.get(output.split("/").at(-2) ?? "")!;
    try {
      for (const [key, text] of this.objects) {
        if (!key.startsWith(prefix)) continue;
        const requests = text.trim().split("\n");
        const answers = requests.map((line, index) =>
          container(JSON.parse(line) as Record<string, unknown>, index),
        );
        this.objects.set(
          `${output}${key.slice(prefix.length)}.out`,
          answers.map((answer) => `${JSON.stringify(answer)}\n`).join(""),
        );
      }
    } catch (error) {
      this.failures.set(name, (error as Error).message);
    }
    return {};
  }
}

const pointer = (id: string) => ({
  ...{ id, imageUri: `image@sha256:${id}`, modelDataUrl: "s3://data/m", modelPackageArn: `arn:${id}` },
});
