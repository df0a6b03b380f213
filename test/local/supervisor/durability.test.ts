import {
  CreateEndpointCommand,
  CreateModelCommand,
  DescribeModelCommand,
  ListEndpointsCommand,
  SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { saveImage } from "../../../local/images";
import { listEmails } from "../../../local/inbox/client";
import { clientConfig } from "../../../local/state";
import { localStatus, resetLocal, startLocal, stopLocal } from "../../../local/supervisor/client";
import { services, type ServiceSettings } from "../../../local/supervisor/services";
import { writes } from "../cloud/acknowledged";
import { killServer } from "../cloud/kill";
import {
  createConfig,
  endpointSettled,
  furnish,
  imageUri,
  invoke,
  type Target,
  train,
} from "../sagemaker/target";

describe("what a laptop holds", function () {
  this.timeout(120_000);
  let home: string;
  let made: Target;
  const some = (settings: ServiceSettings) =>
    services(settings).filter(({ name }) => ["inbox", "cloud", "sagemaker"].includes(name));
  const start = () => startLocal({ home, services: some });
  before(async () => {
    home = mkdtempSync(join(tmpdir(), "slipway-durability-"));
    const state = await start();
    const folder = join(__dirname, "..", "sagemaker", "image");
    const entrypoint = ["python", "main.py"];
    saveImage(home, { uri: imageUri, digest: "sha256:1", entrypoint, env: {}, folder });
    made = await furnish({ home, state, stop: () => resetLocal(home) });
  });
  after(() => resetLocal(home));

  it("is there after each of ten stops and starts", async () => {
    const { state } = made.laptop;
    const kept = [
      "objects, and the settings of their bucket",
      "items of tables: put, updated, deleted, in a transaction",
      "roles, their policies, and credentials that they gave",
      "keys, which decrypt what they encrypted",
      "parameters and secrets",
      "APIs and their keys",
      "functions",
    ];
    const checks = await Promise.all(kept.map((what) => writes[what]!(state)));
    const sqs = new SQSClient(clientConfig(state));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "kept" }));
    const job = await train(made, "kept");
    await createConfig(made, "kept", job.ModelArtifacts?.S3ModelArtifacts ?? "");
    await made.sagemaker.send(
      new CreateEndpointCommand({ EndpointName: "kept", EndpointConfigName: "kept" }),
    );
    await endpointSettled(made, "kept");
    for (let cycle = 1; cycle <= 10; cycle++) {
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: `before stop ${cycle}` }));
      await stopLocal(home);
      const { cloudUrl, sagemakerUrl, inboxUrl } = await start();
      expect(state).to.include({ cloudUrl, sagemakerUrl, inboxUrl });
      await Promise.all(checks.map((check) => check()));
      const AttributeNames = ["ApproximateNumberOfMessages" as const];
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
      expect(Attributes).to.deep.equal({ ApproximateNumberOfMessages: `${cycle}` });
      expect((await endpointSettled(made, "kept")).EndpointStatus).to.equal("InService");
      expect((await invoke(made, "kept")).model.sum).to.equal(6);
    }
  });

  it("loses nothing that was acknowledged when each process is killed while it is written", async function () {
    if (process.platform !== "linux") this.skip(); // the processes are found in /proc
    const { state } = made.laptop;
    const once = { maxAttempts: 1 }; // what is asked again might be acknowledged as it is there already
    const ssm = new SSMClient({ ...clientConfig(state), ...once });
    const sagemaker = new SageMakerClient({ ...clientConfig(state, "sagemaker"), ...once });
    const PrimaryContainer = { Image: imageUri };
    const put = (Name: string) => ssm.send(new PutParameterCommand({ Name, Value: "7", Type: "String" }));
    const create = (ModelName: string) =>
      sagemaker.send(new CreateModelCommand({ ModelName, ExecutionRoleArn: made.roleArn, PrimaryContainer }));
    const deliver = async (messageId: string) => {
      const mail = {
        messageId,
        to: "ann@example.com",
        subject: messageId,
        body: "written",
        topicArn: "arn:aws:sns:us-east-1:000000000000:results",
        timestamp: new Date().toISOString(),
        attributes: {},
      };
      const { status } = await fetch(`${state.inboxUrl}/deliveries`, {
        method: "POST",
        body: JSON.stringify(mail),
      });
      if (status !== 201) throw new Error(`HTTP ${status}`);
    };
    let going = true;
    const acknowledged = async (write: (name: string) => Promise<unknown>) => {
      const names: string[] = [];
      while (going) {
        const name = `n-${randomUUID()}`;
        const done = await write(name).then(
          () => true,
          () => false,
        );
        if (done) names.push(name);
        await sleep(20);
      }
      return names;
    };
    const written = Promise.all([put, create, deliver].map(acknowledged));
    for (const name of ["cloud", "sagemaker", "inbox"] as const) await killServer({ home }, name);
    process.kill((await localStatus(home))?.state.pid ?? NaN, "SIGKILL");
    await start();
    going = false;
    const [parameters = [], models = [], emails = []] = await written;
    expect([parameters, models, emails].map(({ length }) => length > 10)).to.deep.equal([true, true, true]);
    for (const Name of parameters) await ssm.send(new GetParameterCommand({ Name }));
    for (const ModelName of models) await sagemaker.send(new DescribeModelCommand({ ModelName }));
    const kept = await listEmails(state.inboxUrl, { text: "written" });
    expect(kept.map(({ subject }) => subject)).to.include.members(emails);
  });

  it("is gone after a reset", async () => {
    await resetLocal(home);
    expect(existsSync(home)).to.equal(false);
    const state = await start();
    const { Buckets } = await new S3Client(clientConfig(state, "s3")).send(new ListBucketsCommand({}));
    expect(Buckets ?? []).to.deep.equal([]);
    const { Endpoints } = await new SageMakerClient(clientConfig(state, "sagemaker")).send(
      new ListEndpointsCommand({}),
    );
    expect(Endpoints).to.deep.equal([]);
  });
});
