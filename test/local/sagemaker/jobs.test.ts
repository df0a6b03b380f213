import { DescribeLogStreamsCommand, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateProcessingJobCommand,
  DescribeTrainingJobCommand,
  StopTrainingJobCommand,
} from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { extract } from "tar";
import { saveImage } from "../../../local/images";
import { failure, processes } from "../laptop";
import {
  type Target,
  bucket,
  createRole,
  imageUri,
  killServer,
  policyWithout,
  processingEnd,
  readObject,
  startHanging,
  target,
  train,
  trainingEnd,
  until,
} from "./target";

describe("jobs of the local SageMaker", function () {
  this.timeout(60_000);
  let made: Target;
  before(async () => {
    made = await target();
  });

  it("trains: channels in, model, output and metrics out, every status on the way", async () => {
    const job = await train(made, "train-ok", {
      HyperParameters: { depth: "7" },
      Environment: { COLOUR: "green" },
      AlgorithmSpecification: {
        ...{ TrainingImage: imageUri, TrainingInputMode: "File" },
        MetricDefinitions: [{ Name: "sum", Regex: "metric sum=([-+0-9.eE]+)" }],
      },
    });
    expect(job.FailureReason).to.equal(undefined);
    expect(job.TrainingJobStatus).to.equal("Completed");
    expect(job.TrainingJobArn).to.equal("arn:aws:sagemaker:us-east-1:000000000000:training-job/train-ok");
    expect(job.ModelArtifacts?.S3ModelArtifacts).to.equal(
      `s3://${bucket}/models/train-ok/output/model.tar.gz`,
    );
    expect(job.SecondaryStatusTransitions?.map(({ Status }) => Status)).to.deep.equal([
      ...["Starting", "Downloading", "Training", "Uploading", "Completed"],
    ]);
    expect(job.FinalMetricDataList?.map(({ MetricName, Value }) => [MetricName, Value])).to.deep.equal([
      ["sum", 6],
    ]);
    expect(job.TrainingStartTime).to.be.instanceOf(Date);
    const model = await unpacked(made, "models/train-ok/output/model.tar.gz");
    expect(JSON.parse(readFileSync(join(model, "model.json"), "utf8"))).to.deep.equal({
      sum: 6,
      parameters: { depth: "7" },
      seen: { TRAINING_JOB_NAME: "train-ok", COLOUR: "green", AWS_ACCESS_KEY_ID: null },
    });
    const output = await unpacked(made, "models/train-ok/output/output.tar.gz");
    expect(JSON.parse(readFileSync(join(output, "files.json"), "utf8"))).to.deep.equal([
      "three.txt",
      "one.txt",
    ]);
    const folders = () => Promise.resolve(readdirSync(join(made.laptop.home, "sagemaker", "work")));
    await until(folders, ({ length }) => length === 0); // a moment after it is completed
  });

  it("keeps the container's output in CloudWatch Logs and in a file", async () => {
    await train(made, "train-logged");
    const logGroupName = "/aws/sagemaker/TrainingJobs";
    const { logStreams } = await made.logs.send(
      new DescribeLogStreamsCommand({ logGroupName, logStreamNamePrefix: "train-logged/" }),
    );
    const logStreamName = logStreams?.[0]?.logStreamName ?? "";
    const { events } = await made.logs.send(new GetLogEventsCommand({ logGroupName, logStreamName }));
    expect(events?.map(({ message }) => message)).to.deep.equal(["metric sum=5", "metric sum=6"]);
    const file = join(made.laptop.home, "sagemaker", "logs", "training-jobs", "train-logged.log");
    expect(readFileSync(file, "utf8")).to.equal("metric sum=5\nmetric sum=6\n");
  });

  it("fails with what the container wrote to its failure file", async () => {
    const job = await train(made, "train-fail", { HyperParameters: { mode: "fail" } });
    expect(job.TrainingJobStatus).to.equal("Failed");
    expect(job.SecondaryStatus).to.equal("Failed");
    expect(job.FailureReason).to.equal("AlgorithmError: the numbers do not add up, exit code: 3");
  });

  it("fails with the container's last words when it wrote no failure file", async () => {
    const job = await train(made, "train-silent", { HyperParameters: { mode: "silent" } });
    expect(job.FailureReason).to.match(/^AlgorithmError: .*last line of the log, exit code: 5$/);
  });

  it("stops a job, which keeps the model that it saved", async () => {
    await startHanging(made, "train-stop");
    await made.sagemaker.send(new StopTrainingJobCommand({ TrainingJobName: "train-stop" }));
    const stopping = await made.sagemaker.send(
      new DescribeTrainingJobCommand({ TrainingJobName: "train-stop" }),
    );
    expect(stopping.TrainingJobStatus).to.be.oneOf(["Stopping", "Stopped"]);
    const job = await trainingEnd(made, "train-stop");
    expect([job.TrainingJobStatus, job.SecondaryStatus]).to.deep.equal(["Stopped", "Stopped"]);
    const model = await unpacked(made, "models/train-stop/output/model.tar.gz");
    expect(JSON.parse(readFileSync(join(model, "model.json"), "utf8"))).to.deep.equal({ stopped: true });
    const again = await failure(
      made.sagemaker.send(new StopTrainingJobCommand({ TrainingJobName: "train-stop" })),
    );
    expect(again.message).to.equal("The request was rejected because the training job is in status Stopped.");
  });

  it("stops a job that runs longer than it may", async () => {
    const job = await train(made, "train-long", {
      HyperParameters: { mode: "hang" },
      StoppingCondition: { MaxRuntimeInSeconds: 1 },
    });
    expect([job.TrainingJobStatus, job.SecondaryStatus]).to.deep.equal(["Stopped", "MaxRuntimeExceeded"]);
  });

  it("runs another entry point and arguments when asked to", async () => {
    const job = await train(made, "train-entry", {
      AlgorithmSpecification: {
        ...{ TrainingImage: imageUri, TrainingInputMode: "File" },
        ContainerEntrypoint: ["python", "-c", "import sys; print(sys.argv[1:]); sys.exit(8)"],
        ContainerArguments: ["one", "two"],
      },
    });
    expect(job.FailureReason).to.contain("['one', 'two'], exit code: 8");
  });

  it("processes: inputs in, outputs and the exit message out", async () => {
    await made.sagemaker.send(new CreateProcessingJobCommand(processingRequest("process-ok", made.roleArn)));
    const job = await processingEnd(made, "process-ok");
    expect(job.FailureReason).to.equal(undefined);
    expect(job.ProcessingJobStatus).to.equal("Completed");
    expect(job.ExitMessage).to.equal("done by process-ok with gently");
    expect((await readObject(made, "processed/train/one.txt")).toString()).to.equal("2\n4");
    expect((await readObject(made, "processed/train/three.txt")).toString()).to.equal("6");
  });

  for (const [action, resource] of [
    ["s3:GetObject", `arn:aws:s3:::${bucket}/raw/`],
    ["s3:ListBucket", `arn:aws:s3:::${bucket}`],
    ["s3:PutObject", `arn:aws:s3:::${bucket}/models/`],
  ] as const) {
    it(`names ${action} when the role lacks it`, async () => {
      const name = `without-${action.replace(":", "-").toLowerCase()}`;
      const RoleArn = await createRole(made, name, policyWithout(action));
      const job = await train(made, name, { RoleArn });
      expect(job.TrainingJobStatus).to.equal("Failed");
      expect(job.FailureReason).to.match(/^ClientError: Data (download|upload) failed:/);
      expect(job.FailureReason).to.contain(
        `assumed-role/${name}/SageMaker is not authorized to perform: ${action}`,
      );
      expect(job.FailureReason).to.contain(resource);
    });
  }

  it("trains although the role may not write logs", async () => {
    const statements = policyWithout("logs:PutLogEvents");
    const RoleArn = await createRole(made, "without-logs", statements);
    const job = await train(made, "train-without-logs", { RoleArn });
    expect(job.TrainingJobStatus).to.equal("Completed");
    const log = readFileSync(join(made.laptop.home, "logs", "sagemaker.log"), "utf8");
    expect(log).to.match(/train-without-logs.* only in .*AccessDenied.*logs:PutLogEvents/);
  });

  const pull = [
    "BatchCheckLayerAvailability",
    "BatchGetImage",
    "GetAuthorizationToken",
    "GetDownloadUrlForLayer",
  ];
  for (const lacking of [undefined, ...pull]) {
    it(`pulls an image from ECR with the role${lacking ? `, and names ecr:${lacking} when it lacks it` : ""}`, async () => {
      const uri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/numbers:1";
      const folder = join(__dirname, "image");
      saveImage(made.laptop.home, {
        uri,
        digest: "sha256:2",
        entrypoint: ["python", "main.py"],
        env: {},
        folder,
      });
      const name = `ecr-${lacking ?? "all"}`;
      const Action = pull.filter((action) => action !== lacking).map((action) => `ecr:${action}`);
      const statements = [...policyWithout("none"), { Effect: "Allow", Action, Resource: "*" }];
      const RoleArn = await createRole(made, name, statements);
      const AlgorithmSpecification = { TrainingImage: uri, TrainingInputMode: "File" as const };
      const job = await train(made, name, { RoleArn, AlgorithmSpecification });
      if (lacking)
        expect(job.FailureReason).to.contain(`not authorized to perform: ecr:${lacking} on resource`);
      else expect([job.TrainingJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
    });
  }

  it("gives the container its role's credentials, as AWS does, and no others", async () => {
    const ask = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn']); exit(9)";
    const job = await train(made, "train-identity", {
      AlgorithmSpecification: {
        ...{ TrainingImage: imageUri, TrainingInputMode: "File" },
        ContainerEntrypoint: ["python", "-c", ask],
      },
    });
    expect(job.FailureReason).to.contain(
      "arn:aws:sts::000000000000:assumed-role/sagemaker-runner/SageMaker, exit code: 9",
    );
  });

  it("names the URI of an image that nobody pushed", async () => {
    const job = await train(made, "train-no-image", {
      AlgorithmSpecification: { TrainingImage: "test/absent:1", TrainingInputMode: "File" },
    });
    expect(job.FailureReason).to.match(/^ClientError: Cannot find the image test\/absent:1/);
  });

  it("names a prefix without objects", async () => {
    const S3DataSource = { S3DataType: "S3Prefix" as const, S3Uri: `s3://${bucket}/nothing/` };
    const InputDataConfig = [{ ChannelName: "train", DataSource: { S3DataSource } }];
    const job = await train(made, "train-no-data", { InputDataConfig });
    expect(job.FailureReason).to.contain(`No S3 objects found under S3 URL "s3://${bucket}/nothing/"`);
  });

  it("leaves no process behind when the server is killed, and the job failed", async () => {
    await startHanging(made, "train-killed");
    killServer(made.laptop);
    const hanging = () => processes("main.py train").filter((pid) => belongsTo(pid, made.laptop.home));
    await until(
      () => Promise.resolve(hanging()),
      (pids) => pids.length === 0,
    );
    const job = await until(
      () =>
        made.sagemaker
          .send(new DescribeTrainingJobCommand({ TrainingJobName: "train-killed" }))
          .catch(() => undefined),
      (answer) => answer?.TrainingJobStatus === "Failed",
    );
    expect(job?.FailureReason).to.contain("The local SageMaker was stopped while the job ran");
    expect((await train(made, "train-after-crash")).TrainingJobStatus).to.equal("Completed");
  });
});

function belongsTo(pid: number, home: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`SAGEMAKER_BASE_DIR=${home}`);
  } catch {
    return false; // it has ended
  }
}

async function unpacked(made: Target, key: string): Promise<string> {
  const folder = mkdtempSync(join(made.laptop.home, "unpacked-"));
  writeFileSync(join(folder, "archive.tar.gz"), await readObject(made, key));
  await extract({ file: join(folder, "archive.tar.gz"), cwd: folder });
  return folder;
}

const processingRequest = (name: string, RoleArn: string) => ({
  ProcessingJobName: name,
  RoleArn,
  AppSpecification: { ImageUri: imageUri, ContainerArguments: ["process", "gently"] },
  ProcessingResources: {
    ClusterConfig: { InstanceType: "ml.m5.large" as const, InstanceCount: 1, VolumeSizeInGB: 10 },
  },
  ProcessingInputs: [
    {
      InputName: "raw",
      S3Input: {
        ...{ S3Uri: `s3://${bucket}/raw/`, LocalPath: "/opt/ml/processing/input/raw" },
        ...{ S3DataType: "S3Prefix" as const, S3InputMode: "File" as const },
      },
    },
  ],
  ProcessingOutputConfig: {
    Outputs: [
      {
        OutputName: "train",
        S3Output: {
          ...{ S3Uri: `s3://${bucket}/processed/train`, LocalPath: "/opt/ml/processing/output/train" },
          S3UploadMode: "EndOfJob" as const,
        },
      },
    ],
  },
});
