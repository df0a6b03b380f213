import { CloudWatchClient, GetMetricStatisticsCommand, type Statistic } from "@aws-sdk/client-cloudwatch";
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  UpdateEndpointCommand,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import {
  InvokeEndpointCommand,
  type ModelError,
  SageMakerRuntimeClient,
} from "@aws-sdk/client-sagemaker-runtime";
import { expect } from "chai";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { clientConfig } from "../../../local/state";
import { startLocal, stopLocal } from "../../../local/supervisor/client";
import { services } from "../../../local/supervisor/services";
import { failure, processes } from "../laptop";
import {
  type Answer,
  type Target,
  createConfig,
  createRole,
  endpointSettled,
  imageUri,
  invoke,
  policyWithout,
  target,
  train,
  until,
} from "./target";

describe("endpoints of the local SageMaker", function () {
  this.timeout(60_000);
  let made: Target;
  let modelUrl = "";

  before(async () => {
    made = await target();
    const job = await train(made, "for-endpoints");
    modelUrl = job.ModelArtifacts?.S3ModelArtifacts ?? "";
    await createConfig(made, "first", modelUrl);
    await createConfig(made, "second", modelUrl);
    await createConfig(made, "broken", modelUrl, { environment: { MODE: "broken" } });
  });

  const create = async (name: string, EndpointConfigName: string) => {
    await made.sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName }));
    return endpointSettled(made, name);
  };
  const update = async (name: string, EndpointConfigName: string) => {
    await made.sagemaker.send(new UpdateEndpointCommand({ EndpointName: name, EndpointConfigName }));
    return endpointSettled(made, name);
  };

  it("serves: body, content type, accept and custom attributes in; body, variant and attributes out", async () => {
    const endpoint = await create("serves", "first");
    expect(endpoint.FailureReason).to.equal(undefined);
    expect(endpoint.EndpointStatus).to.equal("InService");
    expect(endpoint.ProductionVariants?.[0]).to.deep.include({
      VariantName: "AllTraffic",
      CurrentInstanceCount: 1,
    });
    expect(endpoint.ProductionVariants?.[0]?.DeployedImages?.[0]?.ResolvedImage).to.equal(
      "test/tiny@sha256:1",
    );
    const answer = await made.runtime.send(
      new InvokeEndpointCommand({
        ...{ EndpointName: "serves", Body: "hello", ContentType: "text/plain", Accept: "text/csv" },
        CustomAttributes: "trace=7",
      }),
    );
    expect(answer.InvokedProductionVariant).to.equal("AllTraffic");
    expect(answer.CustomAttributes).to.equal("release=first");
    expect(answer.ContentType).to.equal("application/json");
    const body = JSON.parse(Buffer.from(answer.Body).toString()) as Answer;
    expect(body.model.sum).to.equal(6);
    expect(body).to.deep.include({ body: "hello", type: "text/plain", accept: "text/csv", asked: "trace=7" });
  });

  it("hands on a model's error, with the container's own words", async () => {
    const error = (await failure(invoke(made, "serves", "bad"))) as ModelError;
    expect(error.name).to.equal("ModelError");
    expect(error.$metadata.httpStatusCode).to.equal(424);
    expect(error.OriginalStatusCode).to.equal(400);
    expect(error.OriginalMessage).to.equal('{"message": "bad input"}');
    expect(error.LogStreamArn).to.contain(
      ":log-group:/aws/sagemaker/Endpoints/serves:log-stream:AllTraffic/",
    );
    expect(error.message).to.contain(
      'Received client error (400) from primary with message "{"message": "bad input"}"',
    );
  });

  it("starts a container again that dies, while callers wait", async () => {
    const before = await invoke(made, "serves");
    const error = (await failure(invoke(made, "serves", "crash"))) as ModelError;
    expect(error.name).to.equal("ModelError");
    const after = await invoke(made, "serves");
    expect(after.pid).not.to.equal(before.pid);
  });

  it("refuses a body that is too large, and an endpoint that is not there", async () => {
    const large = await failure(invoke(made, "serves", "x".repeat(6 * 1024 * 1024 + 1)));
    expect(large.name).to.equal("ValidationError");
    expect(large.message).to.contain("Member must have length less than or equal to 6291456");
    const absent = await failure(invoke(made, "absent"));
    expect(absent.name).to.equal("ValidationError");
    expect(absent.message).to.equal("Endpoint absent of account 000000000000 not found.");
  });

  it("updates beside the old fleet without failing a request", async () => {
    await create("updates", "first");
    let updating = true;
    const releases: string[] = [];
    const caller = async () => {
      while (updating) releases.push((await invoke(made, "updates")).release);
    };
    const slow = invoke(made, "updates", "slow");
    const callers = [caller(), caller(), caller()];
    const endpoint = await update("updates", "second");
    expect(endpoint.EndpointConfigName).to.equal("second");
    expect((await invoke(made, "updates")).release).to.equal("second");
    updating = false;
    await Promise.all(callers);
    expect((await slow).release).to.equal("first");
    expect(new Set(releases)).to.deep.equal(new Set(["first", "second"]));
    expect(releases.join()).not.to.match(/second,.*first.*second.*first/);
    const folder = join(made.laptop.home, "sagemaker", "endpoints", "updates");
    await until(
      () => Promise.resolve(readdirSync(folder)),
      (fleets) => fleets.length === 1,
    );
  });

  it("puts the old configuration back when an update fails, and says why", async () => {
    await create("fails-update", "first");
    const endpoint = await update("fails-update", "broken");
    expect(endpoint.EndpointStatus).to.equal("InService");
    expect(endpoint.EndpointConfigName).to.equal("first");
    expect(endpoint.FailureReason).to.contain("did not pass the ping health check");
    expect(endpoint.FailureReason).to.contain("exit code 4");
    expect(endpoint.FailureReason).to.contain("the model cannot be loaded: wrong shape");
    expect((await invoke(made, "fails-update")).release).to.equal("first");
  });

  it("fails an endpoint whose container does not start, and lets it be deleted", async () => {
    const endpoint = await create("fails", "broken");
    expect(endpoint.EndpointStatus).to.equal("Failed");
    expect(endpoint.FailureReason).to.contain("the model cannot be loaded");
    await remove(made, "fails");
  });

  it("serves serverless, and never switches an endpoint between the two kinds", async () => {
    await createConfig(made, "serverless", modelUrl, { serverless: true });
    const endpoint = await create("serverless", "serverless");
    expect(endpoint.ProductionVariants?.[0]?.CurrentServerlessConfig?.MemorySizeInMB).to.equal(2048);
    expect((await invoke(made, "serverless")).release).to.equal("serverless");
    const tooLarge = await failure(invoke(made, "serverless", "x".repeat(4 * 1024 * 1024 + 1)));
    expect(tooLarge.message).to.contain("less than or equal to 4194304");
    const error = await failure(
      made.sagemaker.send(
        new UpdateEndpointCommand({ EndpointName: "serverless", EndpointConfigName: "first" }),
      ),
    );
    expect(error.message).to.contain("between serverless and instance-based");
  });

  it("throttles what a serverless endpoint has no capacity for", async () => {
    const impatient = new SageMakerRuntimeClient({
      ...clientConfig(made.laptop.state, "sagemaker-runtime"),
      maxAttempts: 1,
    });
    const asked = Array.from({ length: 7 }, () => invoke({ runtime: impatient }, "serverless", "slow"));
    const ends = await Promise.all(
      asked.map((one) =>
        one.then(
          () => "answered",
          (error: Error) => `${error.name}: ${error.message}`,
        ),
      ),
    );
    expect(ends.filter((end) => end === "answered")).to.have.length(5);
    expect(new Set(ends)).to.deep.equal(new Set(["answered", "ThrottlingException: Rate exceeded"]));
    expect((await invoke(made, "serverless")).release).to.equal("serverless");
  });

  it("splits the traffic by the variants' weights, and sends it to the one asked for", async () => {
    const variant = (VariantName: string, ModelName: string, InitialVariantWeight: number) => ({
      ...{ VariantName, ModelName, InitialVariantWeight, InitialInstanceCount: 1 },
      InstanceType: "ml.m5.large" as const,
    });
    const ProductionVariants = [variant("all", "first", 1), variant("none", "second", 0)];
    await made.sagemaker.send(
      new CreateEndpointConfigCommand({ EndpointConfigName: "two", ProductionVariants }),
    );
    await create("two", "two");
    const releases = await Promise.all(Array.from({ length: 20 }, () => invoke(made, "two")));
    expect(new Set(releases.map(({ release }) => release))).to.deep.equal(new Set(["first"]));
    const answer = await made.runtime.send(
      new InvokeEndpointCommand({ EndpointName: "two", Body: "", TargetVariant: "none" }),
    );
    expect(answer.InvokedProductionVariant).to.equal("none");
    expect(answer.CustomAttributes).to.equal("release=second");
    await remove(made, "two");
  });

  it("deploys an approved model package, and no other", async () => {
    const ModelPackageGroupName = "deployable";
    await made.sagemaker.send(new CreateModelPackageGroupCommand({ ModelPackageGroupName }));
    const Containers = [{ Image: imageUri, ModelDataUrl: modelUrl, Environment: { RELEASE_ID: "packaged" } }];
    const InferenceSpecification = { Containers, SupportedContentTypes: [], SupportedResponseMIMETypes: [] };
    const { ModelPackageArn } = await made.sagemaker.send(
      new CreateModelPackageCommand({ ModelPackageGroupName, InferenceSpecification }),
    );
    const model = new CreateModelCommand({
      ...{ ModelName: "packaged", ExecutionRoleArn: made.roleArn },
      PrimaryContainer: { ModelPackageName: ModelPackageArn },
    });
    expect((await failure(made.sagemaker.send(model))).message).to.contain("PendingManualApproval");
    await made.sagemaker.send(
      new UpdateModelPackageCommand({ ModelPackageArn, ModelApprovalStatus: "Approved" }),
    );
    await made.sagemaker.send(model);
    const ProductionVariants = [
      {
        VariantName: "v",
        ModelName: "packaged",
        InstanceType: "ml.m5.large" as const,
        InitialInstanceCount: 1,
      },
    ];
    await made.sagemaker.send(
      new CreateEndpointConfigCommand({ EndpointConfigName: "packaged", ProductionVariants }),
    );
    await create("packaged", "packaged");
    expect((await invoke(made, "packaged")).release).to.equal("packaged");
    await remove(made, "packaged");
  });

  it("refuses a model whose role cannot read its data, naming the action", async () => {
    const ExecutionRoleArn = await createRole(made, "no-model-data", policyWithout("s3:GetObject"));
    const PrimaryContainer = { Image: imageUri, ModelDataUrl: modelUrl };
    const error = await failure(
      made.sagemaker.send(
        new CreateModelCommand({ ModelName: "unreadable", ExecutionRoleArn, PrimaryContainer }),
      ),
    );
    expect(error.name).to.equal("ValidationException");
    expect(error.message).to.contain(`Could not access model data at ${modelUrl}`);
    expect(error.message).to.contain("not authorized to perform: s3:GetObject");
  });

  it("puts its metrics into CloudWatch", async () => {
    await create("measured", "first");
    await invoke(made, "measured");
    await invoke(made, "measured");
    await failure(invoke(made, "measured", "bad"));
    const cloudWatch = new CloudWatchClient(clientConfig(made.laptop.state));
    const sum = async (MetricName: string, statistic: Statistic = "Sum") => {
      const { Datapoints = [] } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          ...{ Namespace: "AWS/SageMaker", MetricName, Statistics: [statistic], Period: 3600 },
          Dimensions: [
            { Name: "EndpointName", Value: "measured" },
            { Name: "VariantName", Value: "AllTraffic" },
          ],
          ...{ StartTime: new Date(Date.now() - 3600_000), EndTime: new Date(Date.now() + 60_000) },
        }),
      );
      return Datapoints.reduce((total, datapoint) => total + (datapoint[statistic as "Sum"] ?? 0), 0);
    };
    expect(
      await until(
        () => sum("Invocations"),
        (value) => value > 0,
      ),
    ).to.equal(3);
    expect(await sum("Invocation4XXErrors")).to.equal(1);
    expect(await sum("Invocation5XXErrors")).to.equal(0);
    expect(await sum("ModelLatency")).to.be.greaterThan(0);
    expect(await sum("OverheadLatency")).to.be.greaterThan(0);
  });

  it("serves again after the laptop target was stopped and started", async () => {
    const { home, state } = made.laptop;
    await create("restarted", "first");
    const { pid } = await invoke(made, "restarted");
    await stopLocal(home);
    expect(processes("main.py serve").filter((id) => id === pid)).to.deep.equal([]);
    const some = (settings: Parameters<typeof services>[0]) =>
      services(settings).filter(({ name }) => name === "cloud" || name === "sagemaker");
    const restarted = await startLocal({ home, services: some });
    expect(restarted.sagemakerUrl).to.equal(state.sagemakerUrl);
    expect((await invoke(made, "restarted")).release).to.equal("first");
    const endpoint = await made.sagemaker.send(new DescribeEndpointCommand({ EndpointName: "restarted" }));
    expect(endpoint.EndpointStatus).to.equal("InService");
    expect((await invoke(made, "updates")).release).to.equal("second");
    expect((await update("restarted", "second")).EndpointStatus).to.equal("InService");
    expect((await invoke(made, "restarted")).release).to.equal("second");
  });

  it("deletes an endpoint with its containers and files", async () => {
    await create("deleted", "first");
    const { pid } = await invoke(made, "deleted");
    await remove(made, "deleted");
    expect(processes("main.py serve")).not.to.include(pid);
    expect(readdirSync(join(made.laptop.home, "sagemaker", "endpoints"))).not.to.include("deleted");
    expect((await failure(invoke(made, "deleted"))).name).to.equal("ValidationError");
  });
});

async function remove({ sagemaker }: Target, EndpointName: string): Promise<void> {
  await sagemaker.send(new DeleteEndpointCommand({ EndpointName }));
  const gone = await until(
    () =>
      sagemaker.send(new DescribeEndpointCommand({ EndpointName })).then(
        () => undefined,
        (error: Error) => error,
      ),
    (error) => error !== undefined,
  );
  expect(gone?.message).to.equal(
    `Could not find endpoint "arn:aws:sagemaker:us-east-1:000000000000:endpoint/${EndpointName}".`,
  );
}
