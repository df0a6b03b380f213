import * as aws from "@pulumi/aws";
import * as docker from "@pulumi/docker";
import { join } from "node:path";
import { type Values, policyOf, trustOf } from "./world";

const context = join(__dirname, "..", "..", "sagemaker", "image");

/** A container's image, and an endpoint that serves it and scales. */
export function serving({ change, replace }: Values) {
  const tags = { owner: change("first", "second") };
  const repository = new aws.ecr.Repository("image", { name: "image", forceDelete: true });
  const image = new docker.Image("image", {
    imageName: repository.repositoryUrl.apply((url) => `${url}:${change("first", "second")}`),
    build: { context, platform: "linux/amd64" },
  });
  const role = new aws.iam.Role("serving", { name: "serving", assumeRolePolicy: trustOf("sagemaker") });
  const policy = policyOf({ Action: ["ecr:*", "logs:*", "cloudwatch:*"], Resource: "*" });
  const granted = new aws.iam.RolePolicy("serving", { name: "serving", role: role.name, policy });
  const model = new aws.sagemaker.Model(
    "model",
    {
      ...{ name: replace("model-one", "model-two"), executionRoleArn: role.arn, tags },
      primaryContainer: { image: image.repoDigest },
    },
    { dependsOn: granted },
  );
  const variantName = "AllTraffic";
  const configuration = new aws.sagemaker.EndpointConfiguration("configuration", {
    ...{ name: replace("configuration-one", "configuration-two"), tags },
    productionVariants: [
      {
        ...{ variantName, modelName: model.name, instanceType: "ml.m5.large" },
        ...{ initialInstanceCount: 1, initialVariantWeight: 1 },
      },
    ],
  });
  const endpoint = new aws.sagemaker.Endpoint("endpoint", {
    ...{ name: replace("endpoint-one", "endpoint-two"), endpointConfigName: configuration.name, tags },
  });
  const target = new aws.appautoscaling.Target("instances", {
    ...{ serviceNamespace: "sagemaker", scalableDimension: "sagemaker:variant:DesiredInstanceCount" },
    resourceId: endpoint.name.apply((name) => `endpoint/${name}/variant/${variantName}`),
    ...{ minCapacity: 1, maxCapacity: change(2, 3) },
  });
  const { serviceNamespace, scalableDimension, resourceId } = target;
  new aws.appautoscaling.Policy("instances", {
    ...{ name: "requests", policyType: "TargetTrackingScaling" },
    ...{ serviceNamespace, scalableDimension, resourceId },
    targetTrackingScalingPolicyConfiguration: {
      targetValue: change(100, 200),
      predefinedMetricSpecification: { predefinedMetricType: "SageMakerVariantInvocationsPerInstance" },
    },
  });
  new aws.sagemaker.ModelPackageGroup("packages", {
    ...{ modelPackageGroupName: replace("packages-one", "packages-two"), tags },
  });
}
