import { DescribeLogStreamsCommand, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import {
  CreateModelCommand,
  CreateProcessingJobCommand,
  CreateTrainingJobCommand,
  type CreateTrainingJobRequest,
  CreateTransformJobCommand,
  DescribeTransformJobCommand,
  StopTrainingJobCommand,
} from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { extract } from "tar";
import { saveImage } from "../../../local/images";
import { projectRoot } from "../../../local/state";
import { failure } from "../laptop";
import {
  type Target,
  bucket,
  processingEnd,
  readObject,
  target,
  train,
  trainingEnd,
  trainingRequest,
  until,
} from "./target";

type Distribution = "FullyReplicated" | "ShardedByS3Key";

const onHosts = (
  InstanceCount: number,
  distribution: Distribution,
  HyperParameters: Record<string, string>,
): Partial<CreateTrainingJobRequest> => ({
  HyperParameters,
  ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount, VolumeSizeInGB: 10 },
  InputDataConfig: [channel("train", `s3://${bucket}/raw/`, distribution)],
});

const channel = (ChannelName: string, S3Uri: string, S3DataDistributionType: Distribution) => ({
  ChannelName,
  DataSource: { S3DataSource: { S3DataType: "S3Prefix" as const, S3Uri, S3DataDistributionType } },
});

describe("jobs on several hosts", function () {
  this.timeout(60_000);
  let made: Target;
  before(async () => {
    made = await target();
  });

  for (const [distribution, found] of [
    ["FullyReplicated", ["one.txt", "three.txt"]],
    ["ShardedByS3Key", undefined],
  ] as const) {
    it(`trains on two hosts that find each other, ${distribution}, and merges what they leave`, async () => {
      const name = `hosts-${distribution.toLowerCase()}`;
      const job = await train(made, name, onHosts(2, distribution, { mode: "hosts" }));
      expect([job.TrainingJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
      const model = await unpacked(made, `models/${name}/output/model.tar.gz`);
      expect(model("model.json")).to.deep.equal({
        "algo-1": found ?? ["three.txt"],
        "algo-2": found ?? ["one.txt"],
      });
      expect(model("algo-2.json")).to.deep.equal({});
      const output = await unpacked(made, `models/${name}/output/output.tar.gz`);
      for (const host of ["algo-1", "algo-2"]) {
        expect(output(`${host}.json`)).to.deep.include({
          current_host: host,
          hosts: ["algo-1", "algo-2"],
          network_interface_name: "lo",
        });
      }
    });
  }

  it("keeps a log for each host", async () => {
    const logGroupName = "/aws/sagemaker/TrainingJobs";
    const { logStreams = [] } = await made.logs.send(
      new DescribeLogStreamsCommand({ logGroupName, logStreamNamePrefix: "hosts-fullyreplicated/" }),
    );
    const names = logStreams.map(({ logStreamName = "" }) => logStreamName);
    expect(names.map((name) => name.replace(/-\d+$/, ""))).to.have.members([
      ...["hosts-fullyreplicated/algo-1", "hosts-fullyreplicated/algo-2"],
    ]);
    const second = names.find((name) => name.includes("algo-2"));
    const { events } = await made.logs.send(
      new GetLogEventsCommand({ logGroupName, logStreamName: second ?? "" }),
    );
    expect(events?.map(({ message }) => message)).to.deep.equal(["algo-2 has ['one.txt', 'three.txt']"]);
  });

  it("fails with the reason of the host that fails, and stops the others", async () => {
    const changes = onHosts(3, "FullyReplicated", { mode: "hosts", broken: "algo-2" });
    const job = await train(made, "hosts-broken", changes);
    expect([job.TrainingJobStatus, job.FailureReason]).to.deep.equal([
      ...["Failed", "AlgorithmError: algo-2 is out of numbers, exit code: 6"],
    ]);
  });

  it("stops all hosts", async () => {
    const TrainingJobName = "hosts-stop";
    const request = trainingRequest(TrainingJobName, made, onHosts(2, "FullyReplicated", { mode: "hang" }));
    await made.sagemaker.send(new CreateTrainingJobCommand(request));
    const logs = ["hosts-stop.log", "hosts-stop.algo-2.log"].map((file) =>
      join(made.laptop.home, "sagemaker", "logs", "training-jobs", file),
    );
    await until(
      () => Promise.resolve(logs.map((log) => (existsSync(log) ? readFileSync(log, "utf8") : ""))),
      (texts) => texts.every((text) => text.includes("hanging")),
    );
    await made.sagemaker.send(new StopTrainingJobCommand({ TrainingJobName }));
    expect((await trainingEnd(made, TrainingJobName)).TrainingJobStatus).to.equal("Stopped");
  });

  it("refuses more hosts than there may be, in AWS's words", async () => {
    const request = trainingRequest("hosts-many", made, onHosts(21, "FullyReplicated", {}));
    const error = await failure(made.sagemaker.send(new CreateTrainingJobCommand(request)));
    expect(error.name).to.equal("ResourceLimitExceeded");
    expect(error.message).to.contain(
      "'ml.m5.large for training job usage' is 20 Instances, with current utilization of 0 Instances and a request delta of 21 Instances",
    );
  });

  it("processes on two instances, each its shard", async () => {
    await made.sagemaker.send(
      new CreateProcessingJobCommand(
        processing("hosts-process", made, {
          image: "test/tiny:1",
          raw: `s3://${bucket}/raw/`,
          parts: ["train"],
        }),
      ),
    );
    const job = await processingEnd(made, "hosts-process");
    expect([job.ProcessingJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
    const result = (name: string) => readObject(made, `hosts-process/train/${name}`).then(String);
    expect(await Promise.all(["one.txt", "three.txt"].map(result))).to.deep.equal(["2\n4", "6"]);
    const log = (file: string) =>
      readFileSync(join(made.laptop.home, "sagemaker", "logs", "processing-jobs", file), "utf8");
    expect([log("hosts-process.log"), log("hosts-process.algo-2.log")]).to.deep.equal([
      ...["algo-1 of 2\n", "algo-2 of 2\n"],
    ]);
  });
});

describe("the taxi model on several hosts", function () {
  this.timeout(120_000);
  const image = "test/model:1";
  let made: Target;
  before(async () => {
    made = await target();
    saveImage(made.laptop.home, {
      ...{ uri: image, digest: "sha256:3", entrypoint: ["python", "-m", "slipway_model"], env: {} },
      folder: join(projectRoot, "model-image"),
    });
    const [header = "", ...rows] = readFileSync(join(projectRoot, "data", "taxis.csv"), "utf8")
      .trimEnd()
      .split("\n");
    for (const part of [0, 1, 2]) {
      const Body = [header, ...rows.filter((_, index) => index % 3 === part)].join("\n");
      await made.s3.send(new PutObjectCommand({ Bucket: bucket, Key: `taxis/${part}.csv`, Body }));
    }
  });

  it("processes the trips on two instances into files that do not collide", async () => {
    const request = processing("taxi-process", made, {
      ...{ image, raw: `s3://${bucket}/taxis/`, parts: ["train", "validation", "test"] },
    });
    const Environment = { SPLIT: "random", SEED: "1" };
    await made.sagemaker.send(new CreateProcessingJobCommand({ ...request, Environment }));
    const job = await processingEnd(made, "taxi-process");
    expect([job.ProcessingJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
    const counts = await Promise.all(
      ["train", "validation", "test"].flatMap((part) =>
        ["algo-1", "algo-2"].map(async (host) => {
          const text = await readObject(made, `taxi-process/${part}/data-${host}.csv`);
          return text.toString().trimEnd().split("\n").length - 1;
        }),
      ),
    );
    expect(counts.reduce((sum, count) => sum + count)).to.equal(6433);
  });

  it("reaches with two hosts the error of one, replicated and sharded", async () => {
    const errorOf = async (name: string, count: number, distribution: Distribution) => {
      const job = await train(made, name, {
        AlgorithmSpecification: {
          ...{ TrainingImage: image, TrainingInputMode: "File" },
          MetricDefinitions: [{ Name: "test:mae", Regex: "metric test:mae=([-+0-9.eE]+)" }],
        },
        InputDataConfig: [
          channel("train", `s3://${bucket}/taxi-process/train/`, distribution),
          channel("validation", `s3://${bucket}/taxi-process/validation/`, "FullyReplicated"),
          channel("test", `s3://${bucket}/taxi-process/test/`, "FullyReplicated"),
        ],
        ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: count, VolumeSizeInGB: 10 },
      });
      expect([job.TrainingJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
      return job.FinalMetricDataList?.[0]?.Value ?? NaN;
    };
    const one = await errorOf("taxi-one", 1, "FullyReplicated");
    const two = await errorOf("taxi-two", 2, "FullyReplicated");
    const sharded = await errorOf("taxi-sharded", 2, "ShardedByS3Key");
    console.log(
      `      mean absolute error in dollars: one host ${one}, two ${two}, two with shards ${sharded}`,
    );
    expect(two).to.be.at.most(1.01 * one);
    expect(sharded).to.be.at.most(1.01 * one);
  });

  it("scores a file of trips with the model of two hosts", async () => {
    const name = "taxi-transform";
    const ModelDataUrl = `s3://${bucket}/models/taxi-two/output/model.tar.gz`;
    await made.sagemaker.send(
      new CreateModelCommand({
        ...{ ModelName: name, ExecutionRoleArn: made.roleArn },
        PrimaryContainer: { Image: image, ModelDataUrl },
      }),
    );
    const S3Uri = `s3://${bucket}/taxi-process/test/data-algo-1.csv`;
    await made.sagemaker.send(
      new CreateTransformJobCommand({
        ...{ TransformJobName: name, ModelName: name },
        TransformInput: {
          DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri } },
          ...{ ContentType: "text/csv", SplitType: "Line" },
        },
        TransformOutput: {
          ...{ S3OutputPath: `s3://${bucket}/${name}`, Accept: "text/csv", AssembleWith: "Line" },
        },
        TransformResources: { InstanceType: "ml.m5.large", InstanceCount: 1 },
      }),
    );
    const job = await until(
      () => made.sagemaker.send(new DescribeTransformJobCommand({ TransformJobName: name })),
      ({ TransformJobStatus }) => TransformJobStatus !== "InProgress",
    );
    expect([job.TransformJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
    const rows = (text: Buffer) => text.toString().trimEnd().split("\n");
    const scored = rows(await readObject(made, `${name}/data-algo-1.csv.out`));
    expect(scored).to.have.length(
      rows(await readObject(made, "taxi-process/test/data-algo-1.csv")).length - 1,
    );
    expect(scored[0]).to.match(/^[\d.]+,[\d.]+,[\d.]+$/);
  });
});

function processing(
  ProcessingJobName: string,
  { roleArn }: Target,
  { image, raw, parts }: { image: string; raw: string; parts: string[] },
) {
  const S3Input = {
    ...{ S3Uri: raw, LocalPath: "/opt/ml/processing/input/raw" },
    ...{ S3DataType: "S3Prefix" as const, S3InputMode: "File" as const },
    S3DataDistributionType: "ShardedByS3Key" as const,
  };
  return {
    ...{ ProcessingJobName, RoleArn: roleArn },
    AppSpecification: { ImageUri: image, ContainerArguments: ["process"] },
    ProcessingResources: {
      ClusterConfig: { InstanceType: "ml.m5.large" as const, InstanceCount: 2, VolumeSizeInGB: 10 },
    },
    ProcessingInputs: [{ InputName: "raw", S3Input }],
    ProcessingOutputConfig: {
      Outputs: parts.map((part) => ({
        OutputName: part,
        S3Output: {
          S3Uri: `s3://${bucket}/${ProcessingJobName}/${part}`,
          LocalPath: `/opt/ml/processing/output/${part}`,
          S3UploadMode: "EndOfJob" as const,
        },
      })),
    },
  };
}

/** Reads the JSON files of an archive. */
async function unpacked(made: Target, key: string): Promise<(name: string) => unknown> {
  const folder = mkdtempSync(join(made.laptop.home, "unpacked-"));
  writeFileSync(join(folder, "archive.tar.gz"), await readObject(made, key));
  await extract({ file: join(folder, "archive.tar.gz"), cwd: folder });
  return (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as unknown;
}
