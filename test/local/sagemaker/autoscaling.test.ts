import {
  ApplicationAutoScalingClient,
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  ListTagsForResourceCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
  type RegisterScalableTargetRequest,
  TagResourceCommand,
} from "@aws-sdk/client-application-auto-scaling";
import { CreateEndpointCommand, DescribeEndpointCommand } from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { currentInstanceCount } from "../../../automation/release/capacity";
import { clientConfig } from "../../../local/state";
import { failure } from "../laptop";
import {
  type Target,
  createConfig,
  endpointSettled,
  invoke,
  target,
  train,
  until,
  userClients,
} from "./target";

describe("autoscaling of the local SageMaker's endpoints", function () {
  this.timeout(60_000);
  let made: Target;
  let scaling: ApplicationAutoScalingClient;
  const variant = {
    ServiceNamespace: "sagemaker",
    ResourceId: "endpoint/scaled/variant/AllTraffic",
    ScalableDimension: "sagemaker:variant:DesiredInstanceCount",
  } as const;

  before(async () => {
    made = await target();
    scaling = new ApplicationAutoScalingClient(clientConfig(made.laptop.state, "application-autoscaling"));
    const job = await train(made, "for-autoscaling");
    const modelUrl = job.ModelArtifacts?.S3ModelArtifacts ?? "";
    await createConfig(made, "scaled", modelUrl);
    await createConfig(made, "unscaled", modelUrl, { serverless: true });
    for (const name of ["scaled", "unscaled"]) {
      await made.sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
      await endpointSettled(made, name);
    }
  });

  const register = (changes: Partial<RegisterScalableTargetRequest> = {}) =>
    scaling.send(
      new RegisterScalableTargetCommand({ ...variant, MinCapacity: 1, MaxCapacity: 4, ...changes }),
    );

  it("keeps a scalable target with its tags, and changes what is given anew", async () => {
    const { ScalableTargetARN: ResourceARN } = await register({ Tags: { team: "fares" } });
    await register({ MaxCapacity: 3, Tags: undefined });
    const { ScalableTargets } = await scaling.send(
      new DescribeScalableTargetsCommand({ ...variant, ResourceIds: [variant.ResourceId] }),
    );
    expect(ScalableTargets).to.have.length(1);
    expect(ScalableTargets?.[0]).to.deep.include({
      ...{ ...variant, MinCapacity: 1, MaxCapacity: 3, ScalableTargetARN: ResourceARN },
    });
    await scaling.send(new TagResourceCommand({ ResourceARN, Tags: { stage: "dev" } }));
    const { Tags } = await scaling.send(new ListTagsForResourceCommand({ ResourceARN }));
    expect(Tags).to.deep.equal({ team: "fares", stage: "dev" });
  });

  it("adds instances for the requests there are, up to the maximum", async () => {
    await scaling.send(
      new PutScalingPolicyCommand({
        ...{ ...variant, PolicyName: "track", PolicyType: "TargetTrackingScaling" },
        TargetTrackingScalingPolicyConfiguration: {
          PredefinedMetricSpecification: {
            PredefinedMetricType: "SageMakerVariantInvocationsPerInstance",
          },
          ...{ TargetValue: 10, ScaleOutCooldown: 0 },
        },
      }),
    );
    const { ScalingPolicies } = await scaling.send(new DescribeScalingPoliciesCommand(variant));
    expect(ScalingPolicies?.[0]?.TargetTrackingScalingPolicyConfiguration?.TargetValue).to.equal(10);
    for (let count = 0; count < 100; count += 1) await invoke(made, "scaled");
    const settled = await until(
      () => made.sagemaker.send(new DescribeEndpointCommand({ EndpointName: "scaled" })),
      ({ ProductionVariants }) => ProductionVariants?.[0]?.CurrentInstanceCount === 3,
    );
    expect(settled.ProductionVariants?.[0]?.DesiredInstanceCount).to.equal(3);
    expect(await currentInstanceCount(made.sagemaker, "scaled")).to.equal(3);
  });

  it("knows no number of instances of what is serverless, or not there", async () => {
    expect(await currentInstanceCount(made.sagemaker, "unscaled")).to.equal(undefined);
    expect(await currentInstanceCount(made.sagemaker, "absent")).to.equal(undefined);
  });

  it("refuses what cannot be scaled, and whom no policy allows it", async () => {
    const refusal = async (changes: Partial<RegisterScalableTargetRequest>) =>
      (await failure(register(changes))).message;
    expect(await refusal({ MinCapacity: 5 })).to.equal(
      "Maximum capacity 4 cannot be less than minimum capacity 5.",
    );
    expect(await refusal({ ResourceId: "endpoint/unscaled/variant/AllTraffic" })).to.contain("serverless");
    expect(await refusal({ ResourceId: "endpoint/absent/variant/AllTraffic" })).to.contain("does not exist");
    expect(await refusal({ ServiceNamespace: "ecs" })).to.contain("does not support the scalable dimension");
    const { credentials } = await userClients(made, "scaler", [
      { Effect: "Allow", Action: "sagemaker:*", Resource: "*" },
    ]);
    const config = { ...clientConfig(made.laptop.state, "application-autoscaling"), credentials };
    const denied = await failure(
      new ApplicationAutoScalingClient(config).send(new DescribeScalableTargetsCommand(variant)),
    );
    expect(denied.name).to.equal("AccessDeniedException");
    expect(denied.message).to.contain("application-autoscaling:DescribeScalableTargets");
  });

  it("forgets a target with its policies", async () => {
    await scaling.send(new DeregisterScalableTargetCommand(variant));
    expect((await scaling.send(new DescribeScalingPoliciesCommand(variant))).ScalingPolicies).to.deep.equal(
      [],
    );
    const error = await failure(scaling.send(new DeregisterScalableTargetCommand(variant)));
    expect(error.name).to.equal("ObjectNotFoundException");
  });
});
