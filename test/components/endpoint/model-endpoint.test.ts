import { expect } from "chai";
import { DataBucket } from "../../../components/data/data-bucket";
import { type EndpointCapacity, type RealTimeCapacity } from "../../../components/endpoint/endpoint-capacity";
import { type Guardrails } from "../../../components/endpoint/endpoint-guardrails";
import { ModelEndpoint, requireDeployed } from "../../../components/endpoint/model-endpoint";
import { type Release } from "../../../components/release/current-release";
import { ModelImage } from "../../../components/release/model-image";
import { context, declare, failure, only, statements } from "../mocks";

const release: Release = {
  id: "0123456789ab",
  imageUri: "registry/image@sha256:0a",
  modelDataUrl: "s3://bucket/releases/0123456789ab/training/job/output/model.tar.gz",
  modelPackageArn: "arn:aws:sagemaker:us-east-1:123456789012:model-package/slipway-dev/1",
};
const serverless: EndpointCapacity = { kind: "serverless", memorySizeInMb: 2048, maxConcurrency: 5 };
const realTime: RealTimeCapacity = {
  ...{ kind: "real-time", instanceType: "ml.m5.large", instanceCount: 2 },
  ...{ maxInstanceCount: 0, requestsPerInstance: 600 },
};
const guardrails: Guardrails = {
  ...{ canaryPercent: 20, bakeSeconds: 300, alarmPeriodSeconds: 60, max5xxPercent: 1, maxLatencyMs: 250 },
};

function endpoint(capacity: EndpointCapacity, served?: Release, careful = guardrails): ModelEndpoint {
  const data = new DataBucket("data", { context, deleteData: true });
  const image = new ModelImage("image", {
    context,
    folder: "model-image",
    baseImage: "python",
    deleteImages: true,
  });
  return new ModelEndpoint("endpoint", {
    context,
    data,
    image,
    capacity,
    guardrails: careful,
    release: served,
    logRetentionDays: 30,
  });
}

describe("ModelEndpoint", () => {
  it("is not there without a release, though its name is known", async () => {
    let name = "";
    const declared = await declare(() => (name = endpoint(serverless).endpointName) && undefined);
    expect(name).to.equal("slipway-dev-serverless");
    expect(declared.filter(({ type }) => /sagemaker/.test(type))).to.deep.equal([]);
  });

  it("serves the release's image and artifact, and tells the container the release's id", async () => {
    const declared = await declare(() => void endpoint(serverless, release));
    expect(only(declared, "Model").primaryContainer).to.deep.equal({
      image: release.imageUri,
      modelDataUrl: release.modelDataUrl,
      environment: { RELEASE_ID: release.id },
    });
    expect(only(declared, "Endpoint")).to.deep.include({
      name: "slipway-dev-serverless",
      endpointConfigName: "endpoint-configuration-1",
    });
  });

  it("leaves the names of model and configuration to Pulumi: in SageMaker they are immutable", async () => {
    const declared = await declare(() => void endpoint(serverless, release));
    expect(only(declared, "Model")).not.to.have.property("name");
    expect(only(declared, "EndpointConfiguration")).not.to.have.property("name");
  });

  it("has one serverless variant, or instances; never both, and never under one name", async () => {
    const variant = async (capacity: EndpointCapacity) => {
      const declared = await declare(() => void endpoint(capacity, release));
      const [found] = only(declared, "EndpointConfiguration").productionVariants as Record<string, unknown>[];
      return { ...found, endpoint: only(declared, "Endpoint").name };
    };
    expect(await variant(serverless)).to.deep.equal({
      variantName: "AllTraffic",
      modelName: "endpoint-model-1",
      initialVariantWeight: 1,
      serverlessConfig: { memorySizeInMb: 2048, maxConcurrency: 5 },
      endpoint: "slipway-dev-serverless",
    });
    expect(await variant(realTime)).to.deep.equal({
      variantName: "AllTraffic",
      modelName: "endpoint-model-1",
      initialVariantWeight: 1,
      instanceType: "ml.m5.large",
      initialInstanceCount: 2,
      endpoint: "slipway-dev-real-time",
    });
  });

  it("deploys with a canary, under alarms on this release alone whose names never change", async () => {
    const declared = await declare(() => void endpoint(realTime, release));
    expect(only(declared, "Endpoint").deploymentConfig).to.deep.equal({
      blueGreenUpdatePolicy: {
        trafficRoutingConfiguration: {
          type: "CANARY",
          canarySize: { type: "CAPACITY_PERCENT", value: 20 },
          waitIntervalInSeconds: 300,
        },
        terminationWaitInSeconds: 0,
        maximumExecutionTimeoutInSeconds: 2400,
      },
      autoRollbackConfiguration: {
        alarms: ["errors", "latency", "answers"].map((role) => ({
          alarmName: `slipway-dev-real-time-${role}`,
        })),
      },
    });
    const ofThisRelease = {
      EndpointName: "slipway-dev-real-time",
      VariantName: "AllTraffic",
      EndpointConfigName: "endpoint-configuration-1",
    };
    expect(only(declared, "MetricAlarm", "-errors")).to.deep.include({
      ...{ namespace: "AWS/SageMaker", metricName: "Invocation5XXErrors", statistic: "Average" },
      ...{ dimensions: ofThisRelease, threshold: 0.01, period: 60, treatMissingData: "notBreaching" },
    });
    expect(only(declared, "MetricAlarm", "-latency")).to.deep.include({
      ...{ metricName: "ModelLatency", extendedStatistic: "p90", threshold: 250_000 },
      dimensions: ofThisRelease,
    });
    expect(only(declared, "MetricAlarm", "-answers")).to.deep.include({
      ...{ namespace: "Slipway", metricName: "UnexpectedAnswers", statistic: "Sum", threshold: 0 },
      dimensions: { Endpoint: "slipway-dev-real-time", Release: release.id },
    });
  });

  it("fails when SageMaker has gone back to the old configuration, so that Pulumi does not delete it", () => {
    const after = (endpointConfigName: string) => () =>
      requireDeployed({
        ...{ urn: "urn", id: "id", name: "endpoint", type: "aws:sagemaker/endpoint:Endpoint" },
        newInputs: { endpointConfigName: "new" },
        newOutputs: { name: "served", endpointConfigName },
      });
    after("new")();
    expect(after("old")).to.throw(
      "SageMaker has rolled back the deployment of new: the endpoint served serves old as before.",
    );
  });

  it("has no guardrails when serverless: SageMaker refuses them there", async () => {
    const declared = await declare(() => void endpoint(serverless, release));
    expect(only(declared, "Endpoint")).not.to.have.property("deploymentConfig");
    expect(declared.filter(({ type }) => /MetricAlarm|appautoscaling/.test(type))).to.deep.equal([]);
  });

  it("lets SageMaker look at these alarms, and at no others", async () => {
    const declared = await declare(() => void endpoint(realTime));
    expect(statements(only(declared, "RolePolicy", "-endpoint-alarms"))).to.deep.equal([
      {
        Effect: "Allow",
        Action: "cloudwatch:DescribeAlarms",
        Resource: ["errors", "latency", "answers"].map(
          (role) => `arn:aws:cloudwatch:us-east-1:123456789012:alarm:slipway-dev-real-time-${role}`,
        ),
      },
    ]);
  });

  it("is scaled when it may have more instances than it must, and keeps what autoscaling added", async () => {
    const scaled = { ...realTime, maxInstanceCount: 4 };
    const declared = await declare(() => void endpoint(scaled, release));
    expect(only(declared, "Target")).to.deep.include({
      resourceId: "endpoint/slipway-dev-real-time/variant/AllTraffic",
      scalableDimension: "sagemaker:variant:DesiredInstanceCount",
      ...{ minCapacity: 2, maxCapacity: 4 },
    });
    expect(only(declared, "Policy").targetTrackingScalingPolicyConfiguration).to.deep.include({
      targetValue: 600,
      predefinedMetricSpecification: { predefinedMetricType: "SageMakerVariantInvocationsPerInstance" },
    });
    const instances = async (capacity: EndpointCapacity, instanceCount?: number) => {
      const again = await declare(() => void endpoint(capacity, { ...release, instanceCount }));
      const [variant] = only(again, "EndpointConfiguration").productionVariants as Record<string, unknown>[];
      return variant?.initialInstanceCount;
    };
    expect(await instances(scaled)).to.equal(2);
    expect(await instances(scaled, 3)).to.equal(3);
    expect(await instances(scaled, 9)).to.equal(4);
    expect(await instances(realTime, 3), "without autoscaling the settings say how many").to.equal(2);
  });

  it("copies requests to a shadow release, when it is real-time", async () => {
    const shadow = { id: "shadow", imageUri: "image", modelDataUrl: "s3://bucket/shadow.tar.gz" };
    const declared = await declare(() => void endpoint(realTime, { ...release, shadow }));
    expect(only(declared, "Model", "-shadow-model").primaryContainer).to.deep.include({
      environment: { RELEASE_ID: "shadow" },
    });
    const [variant] = only(declared, "EndpointConfiguration").shadowProductionVariants as object[];
    expect(variant).to.deep.include({ variantName: "Shadow", modelName: "endpoint-shadow-model-1" });
    const without = await declare(() => void endpoint(serverless, { ...release, shadow }));
    expect(without.filter(({ name }) => name.includes("shadow"))).to.deep.equal([]);
  });

  it("runs under a role that reads releases and writes its own log, no more", async () => {
    const declared = await declare(() => void endpoint(serverless, release));
    const policies = declared.filter(
      ({ type, name }) => type.endsWith(":RolePolicy") && name.includes("-endpoint-"),
    );
    const actions = policies.flatMap(({ inputs }) => statements(inputs)).flatMap(({ Action }) => Action);
    expect([...actions].sort()).to.deep.equal(
      [
        ...["s3:ListBucket", "s3:GetObject", "s3:GetObjectVersion", "kms:Decrypt"],
        ...["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
        ...[
          "ecr:GetAuthorizationToken",
          "logs:CreateLogStream",
          "logs:PutLogEvents",
          "logs:DescribeLogStreams",
        ],
      ].sort(),
    );
  });

  for (const [capacity, message] of [
    [
      { ...serverless, memorySizeInMb: 1500 },
      "memorySizeInMb is 1500: give 1024, 2048, 3072, 4096, 5120 or 6144",
    ],
    [
      { ...serverless, maxConcurrency: 0 },
      "maxConcurrency is 0: give a whole number of requests at a time from 1 to 200",
    ],
    [
      { ...realTime, instanceType: "m5.large" },
      'instanceType is "m5.large": give a SageMaker instance type such as ml.m5.large',
    ],
    [
      { ...realTime, instanceCount: 1.5 },
      "instanceCount is 1.5: give a whole number of instances from 1 to 100",
    ],
    [
      { ...realTime, maxInstanceCount: 101 },
      "maxInstanceCount is 101: give a whole number of instances up to 100, or 0 for no autoscaling",
    ],
    [
      { ...realTime, instanceType: "ml.t2.medium", maxInstanceCount: 3 },
      "maxInstanceCount is 3: AWS does not scale burstable instances (ml.t2.medium): give an instanceType such as ml.m5.large, or 0",
    ],
    [
      { ...realTime, requestsPerInstance: 0 },
      "requestsPerInstance is 0: give the requests a minute, above 0, for which one instance is enough",
    ],
  ] as [EndpointCapacity, string][]) {
    it(`refuses a capacity with the fix: ${message}`, async () => {
      expect(await failure(() => declare(() => void endpoint(capacity)))).to.equal(message);
    });
  }

  for (const [change, message] of [
    [{ canaryPercent: 60 }, "canaryPercent is 60: give a whole percentage of the requests from 1 to 50"],
    [{ alarmPeriodSeconds: 45 }, "alarmPeriodSeconds is 45: give 10, 20, 30 or a multiple of 60 up to 3600"],
    [
      { bakeSeconds: 30 },
      "bakeSeconds is 30: give a whole number of seconds from 60 (alarmPeriodSeconds: sooner no alarm rings) to 3600",
    ],
    [{ max5xxPercent: 100 }, "max5xxPercent is 100: give a percentage from 0 to below 100"],
    [{ maxLatencyMs: 0 }, "maxLatencyMs is 0: give a number of milliseconds above 0"],
  ] as [Partial<Guardrails>, string][]) {
    it(`refuses guardrails with the fix: ${message}`, async () => {
      const careful = { ...guardrails, ...change };
      expect(await failure(() => declare(() => void endpoint(realTime, undefined, careful)))).to.equal(
        message,
      );
    });
  }
});
