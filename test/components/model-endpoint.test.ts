import { expect } from "chai";
import { type Release } from "../../components/current-release";
import { DataBucket } from "../../components/data-bucket";
import { type EndpointCapacity, ModelEndpoint } from "../../components/model-endpoint";
import { ModelImage } from "../../components/model-image";
import { context, declare, failure, only, statements } from "./mocks";

const release: Release = {
  id: "0123456789ab",
  imageUri: "registry/image@sha256:0a",
  modelDataUrl: "s3://bucket/releases/0123456789ab/training/job/output/model.tar.gz",
  modelPackageArn: "arn:aws:sagemaker:us-east-1:123456789012:model-package/slipway-dev/1",
};
const serverless: EndpointCapacity = { kind: "serverless", memorySizeInMb: 2048, maxConcurrency: 5 };
const realTime: EndpointCapacity = { kind: "real-time", instanceType: "ml.m5.large", instanceCount: 2 };

function endpoint(capacity: EndpointCapacity, served?: Release): ModelEndpoint {
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
  ] as [EndpointCapacity, string][]) {
    it(`refuses a capacity with the fix: ${message}`, async () => {
      expect(await failure(() => declare(() => void endpoint(capacity)))).to.equal(message);
    });
  }
});
