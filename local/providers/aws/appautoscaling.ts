import {
  ApplicationAutoScalingClient,
  DeleteScalingPolicyCommand,
  DeregisterScalableTargetCommand,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  ListTagsForResourceCommand,
  PutScalingPolicyCommand,
  type PutScalingPolicyCommandInput,
  RegisterScalableTargetCommand,
  type RegisterScalableTargetCommandInput,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-application-auto-scaling";
import { type appautoscaling } from "@pulumi/aws";
import { type AnyResourceType, type Call, type Inputs, resource } from "../shared/resource";
import { tagChanges } from "../shared/tags";
import { fromApi, toApi } from "./shapes";

type TargetInputs = Inputs<appautoscaling.TargetArgs>;
type PolicyInputs = Inputs<appautoscaling.PolicyArgs>;

/** What a target, and a policy with a name, is known by. */
const scalable = (inputs: Pick<TargetInputs, "serviceNamespace" | "resourceId" | "scalableDimension">) => ({
  ServiceNamespace: inputs.serviceNamespace as "sagemaker",
  ResourceId: inputs.resourceId,
  ScalableDimension: inputs.scalableDimension as "sagemaker:variant:DesiredInstanceCount",
});

/** Of `sagemaker/endpoint/taxi-fares/variant/AllTraffic/sagemaker:variant:DesiredInstanceCount`, and of a policy `/<name>` after it. */
function scalableOf(importId: string) {
  const [, serviceNamespace, resourceId, scalableDimension, name] =
    /^([^/]+)\/(.+)\/([^/]+:[^/]+:[^/]+)(?:\/([^/]+))?$/.exec(importId) ?? [];
  return { serviceNamespace, resourceId, scalableDimension, name };
}

async function register(inputs: TargetInputs, tags: Record<string, string>, call: Call): Promise<void> {
  const input: RegisterScalableTargetCommandInput = {
    ...scalable(inputs),
    ...{ MinCapacity: inputs.minCapacity, MaxCapacity: inputs.maxCapacity, RoleARN: inputs.roleArn },
    SuspendedState: toApi(inputs.suspendedState) as RegisterScalableTargetCommandInput["SuspendedState"],
    ...(Object.keys(tags).length > 0 ? { Tags: tags } : {}),
  };
  await call.client(ApplicationAutoScalingClient).send(new RegisterScalableTargetCommand(input));
}

const target = resource<appautoscaling.TargetArgs>({
  inputs: {
    serviceNamespace: { required: true, replaces: true },
    resourceId: { required: true, replaces: true },
    scalableDimension: { required: true, replaces: true },
    minCapacity: { required: true },
    maxCapacity: { required: true },
    roleArn: { computed: true },
    suspendedState: { computed: true },
    tags: {},
  },
  fromImportId(importId) {
    const { serviceNamespace, resourceId, scalableDimension } = scalableOf(importId);
    return { serviceNamespace, resourceId, scalableDimension, id: resourceId };
  },
  async create(inputs, call) {
    await register(inputs, inputs.tagsAll, call);
    return inputs.resourceId;
  },
  async read(state, call) {
    const client = call.client(ApplicationAutoScalingClient);
    const { ResourceId, ...kind } = scalable(state);
    const { ScalableTargets } = await client.send(
      new DescribeScalableTargetsCommand({ ...kind, ResourceIds: [ResourceId] }),
    );
    const found = ScalableTargets?.[0];
    if (!found) return undefined;
    const ResourceARN = found.ScalableTargetARN;
    const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceARN }));
    return {
      ...{ arn: ResourceARN, minCapacity: found.MinCapacity, maxCapacity: found.MaxCapacity },
      ...{ roleArn: found.RoleARN, suspendedState: fromApi(found.SuspendedState), tagsAll: Tags ?? {} },
    };
  },
  async update(now, call, was) {
    const client = call.client(ApplicationAutoScalingClient);
    if (call.changed("minCapacity", "maxCapacity", "roleArn", "suspendedState"))
      await register(now, {}, call);
    if (!call.changed("tagsAll")) return;
    const { set: Tags, remove: TagKeys } = tagChanges(was.tagsAll, now.tagsAll);
    const ResourceARN = now.arn;
    if (TagKeys.length > 0) await client.send(new UntagResourceCommand({ ResourceARN, TagKeys }));
    if (Object.keys(Tags).length > 0) await client.send(new TagResourceCommand({ ResourceARN, Tags }));
  },
  async delete(state, call) {
    await call
      .client(ApplicationAutoScalingClient)
      .send(new DeregisterScalableTargetCommand(scalable(state)));
  },
});

async function putPolicy(inputs: PolicyInputs, call: Call): Promise<void> {
  const input = {
    ...{ ...scalable(inputs), PolicyName: inputs.name, PolicyType: inputs.policyType },
    StepScalingPolicyConfiguration: toApi(inputs.stepScalingPolicyConfiguration),
    TargetTrackingScalingPolicyConfiguration: toApi(inputs.targetTrackingScalingPolicyConfiguration),
  } as PutScalingPolicyCommandInput;
  await call.client(ApplicationAutoScalingClient).send(new PutScalingPolicyCommand(input));
}

const policy = resource<appautoscaling.PolicyArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 255 } },
    policyType: { default: "StepScaling" },
    serviceNamespace: { required: true, replaces: true },
    resourceId: { required: true, replaces: true },
    scalableDimension: { required: true, replaces: true },
    stepScalingPolicyConfiguration: {},
    targetTrackingScalingPolicyConfiguration: {},
  },
  outputs: ["alarmArns"],
  fromImportId: (importId) => ({ ...scalableOf(importId), id: scalableOf(importId).name }),
  async create(inputs, call) {
    await putPolicy(inputs, call);
    return inputs.name!;
  },
  async read(state, call) {
    const { ScalingPolicies } = await call
      .client(ApplicationAutoScalingClient)
      .send(new DescribeScalingPoliciesCommand({ ...scalable(state), PolicyNames: [state.id] }));
    const found = ScalingPolicies?.[0];
    if (!found) return undefined;
    return {
      ...{ name: found.PolicyName, arn: found.PolicyARN, policyType: found.PolicyType },
      stepScalingPolicyConfiguration: fromApi(found.StepScalingPolicyConfiguration),
      targetTrackingScalingPolicyConfiguration: fromApi(found.TargetTrackingScalingPolicyConfiguration),
      alarmArns: (found.Alarms ?? []).map(({ AlarmARN }) => AlarmARN),
    };
  },
  update: (now, call) => putPolicy(now, call),
  async delete(state, call) {
    await call
      .client(ApplicationAutoScalingClient)
      .send(new DeleteScalingPolicyCommand({ ...scalable(state), PolicyName: state.id }));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:appautoscaling/target:Target": target,
  "aws:appautoscaling/policy:Policy": policy,
};
