import { CreateTransformJobCommand, ResourceInUse, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { keys } from "../shared/batches/batch";

export interface TransformSettings {
  stack: string;
  bucket: string;
  /** Of the names of jobs. */
  prefix: string;
  instanceType: string;
  /** Name of the SageMaker model; the job runs under that model's role. */
  model: string;
}

const lines = "application/jsonlines";

/** Batch Transform: the model of a release, on an instance of its own for as long as a batch takes. */
export class TransformJobs {
  constructor(
    private readonly settings: TransformSettings,
    private readonly client = new SageMakerClient({ maxAttempts: 5 }),
  ) {}

  /** Begins the job of a batch; there is one at most, as its name is made of the batch's id. */
  async start(id: string, release: string): Promise<string> {
    const { bucket, prefix, instanceType, model, stack } = this.settings;
    const name = `${prefix}${id}`;
    const s3 = (key: string) => `s3://${bucket}/${key}`;
    const tags = { Stack: stack, Release: release, Batch: id };
    const command = new CreateTransformJobCommand({
      TransformJobName: name,
      ModelName: model,
      BatchStrategy: "MultiRecord",
      TransformInput: {
        ContentType: lines,
        SplitType: "Line",
        DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: s3(keys.records(id)) } },
      },
      TransformOutput: { S3OutputPath: s3(keys.answers(id)), Accept: lines, AssembleWith: "Line" },
      TransformResources: { InstanceCount: 1, InstanceType: instanceType as "ml.m5.large" },
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    });
    try {
      await this.client.send(command);
    } catch (error) {
      if (!(error instanceof ResourceInUse)) throw error; // an earlier attempt of the same run
    }
    return name;
  }
}
