import { PutObjectCommand } from "@aws-sdk/client-s3";
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateProcessingJobCommand,
  DeleteEndpointCommand,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand } from "@aws-sdk/client-sagemaker-runtime";
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { belongings, buildImage, dockerTarget, missing, works } from "./docker-target";
import { type Target, bucket, endpointSettled, processingEnd, train, until } from "./target";

const folder = join(__dirname, "any-container");

/** Two containers that know AWS's contract and nothing of Slipway: both listen on port 8080, whatever they are told. */
const samples = {
  flask: {
    image: "slipway-test/flask:1",
    data: "setosa,5.1,3.5,1.4\nsetosa,4.9,3.0,1.4\nvirginica,6.3,3.3,6.0\nvirginica,5.8,2.7,5.1\n",
    asked: "5.0,3.4,1.5\n6.0,3.0,5.5\n",
    answer: "setosa\nvirginica",
  },
  go: {
    image: "slipway-test/go:1",
    data: "3,1\n5,2\n9,4\n", // y = 2x + 1
    asked: "3\n10\n",
    answer: "7.000\n21.000",
  },
};
const names = Object.keys(samples) as (keyof typeof samples)[];

describe("anybody's container", function () {
  this.timeout(240_000);
  let made: Target;

  before(async function () {
    const reason = missing() ?? (works("go", "version") ? undefined : "there is no Go (go version fails)");
    if (reason) {
      console.log(`      skipped: ${reason}`);
      return this.skip();
    }
    [made] = await Promise.all([
      dockerTarget(),
      buildImage(samples.flask.image, join(folder, "flask")),
      buildGo(samples.go.image),
    ]);
    for (const name of names) {
      const object = { Bucket: bucket, Key: `${name}/data.csv`, Body: samples[name].data };
      await made.s3.send(new PutObjectCommand(object));
    }
  });

  it("trains: Python with no ENTRYPOINT, and a Go program with nothing else in its image", async () => {
    const jobs = await Promise.all(names.map((name) => trainSample(made, name)));
    for (const job of jobs)
      expect([job.TrainingJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
  });

  it("serves: nginx with gunicorn and Flask, and Go, on the same port at the same time", async () => {
    const endpoints = await Promise.all(names.map((name) => deploy(made, name)));
    expect(endpoints.map(({ FailureReason }) => FailureReason)).to.deep.equal([undefined, undefined]);
    expect(belongings(made.laptop.home, "ps")).to.have.length(2);
    for (const name of names) expect(await predict(made, name)).to.equal(samples[name].answer);
  });

  it("lets boto3 in a container act as its role", async () => {
    const ProcessingJobName = "any-boto3";
    await made.sagemaker.send(
      new CreateProcessingJobCommand({
        ...{ ProcessingJobName, RoleArn: made.roleArn },
        AppSpecification: {
          ImageUri: samples.flask.image,
          ContainerArguments: ["process", bucket, "go/data.csv"],
        },
        ProcessingResources: {
          ClusterConfig: { InstanceType: "ml.m5.large", InstanceCount: 1, VolumeSizeInGB: 10 },
        },
      }),
    );
    const { FailureReason, ExitMessage } = await processingEnd(made, ProcessingJobName);
    expect(FailureReason).to.equal(undefined);
    const role = "arn:aws:sts::000000000000:assumed-role/sagemaker-runner";
    expect(ExitMessage).to.match(new RegExp(`^12 bytes read by ${role}/`));
  });

  it("ends with SIGTERM", async () => {
    for (const EndpointName of names) await made.sagemaker.send(new DeleteEndpointCommand({ EndpointName }));
    await until(
      () => Promise.resolve(belongings(made.laptop.home, "ps")),
      (left) => left.length === 0,
    );
    for (const name of names) {
      const log = join(made.laptop.home, "sagemaker", "logs", "endpoints", name, "AllTraffic.log");
      expect(readFileSync(log, "utf8")).to.contain("stopped by SIGTERM");
    }
  });
});

/** An image of the program alone. */
async function buildGo(tag: string): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), "slipway-go-"));
  const env = { ...process.env, CGO_ENABLED: "0", GOOS: "linux" };
  execFileSync("go", ["build", "-o", join(context, "line"), join(folder, "go", "line.go")], { env });
  copyFileSync(join(folder, "go", "Dockerfile"), join(context, "Dockerfile"));
  await buildImage(tag, context);
  rmSync(context, { recursive: true });
}

const trainSample = (made: Target, name: keyof typeof samples) =>
  train(made, `any-${name}`, {
    AlgorithmSpecification: { TrainingImage: samples[name].image, TrainingInputMode: "File" },
    InputDataConfig: [
      {
        ChannelName: "training",
        DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: `s3://${bucket}/${name}/` } },
      },
    ],
  });

async function deploy(made: Target, name: keyof typeof samples) {
  const { sagemaker, roleArn } = made;
  const ModelDataUrl = `s3://${bucket}/models/any-${name}/output/model.tar.gz`;
  const PrimaryContainer = { Image: samples[name].image, ModelDataUrl };
  await sagemaker.send(
    new CreateModelCommand({ ModelName: name, ExecutionRoleArn: roleArn, PrimaryContainer }),
  );
  const instances = { InstanceType: "ml.m5.large", InitialInstanceCount: 1 } as const;
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: name,
      ProductionVariants: [{ VariantName: "AllTraffic", ModelName: name, ...instances }],
    }),
  );
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
  return endpointSettled(made, name);
}

async function predict({ runtime }: Target, name: keyof typeof samples): Promise<string> {
  const { Body, ContentType } = await runtime.send(
    new InvokeEndpointCommand({ EndpointName: name, ContentType: "text/csv", Body: samples[name].asked }),
  );
  expect(ContentType).to.match(/^text\/csv/);
  return Buffer.from(Body).toString();
}
