import type {
  DeleteScalingPolicyRequest,
  DeregisterScalableTargetRequest,
  DescribeScalableTargetsRequest,
  DescribeScalingPoliciesRequest,
  ListTagsForResourceRequest,
  PutScalingPolicyRequest,
  RegisterScalableTargetRequest,
  TagResourceRequest,
  UntagResourceRequest,
} from "@aws-sdk/client-application-auto-scaling";
import { randomBytes } from "node:crypto";
import { type Operation, anyResource, operation } from "../operations/operation";
import type { Platform } from "../platform";
import { AwsError, notSupported, validationException } from "../protocol/errors";
import { type ScalableTargetRecord, type ScalingPolicyRecord, now } from "../records";
import type { Store } from "../store";

/** What Application Auto Scaling knows a thing by. */
interface Scalable {
  ServiceNamespace?: string;
  ResourceId?: string;
  ScalableDimension?: string;
}

const dimension = "sagemaker:variant:DesiredInstanceCount";
const serviceLinkedRole = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint";

const keyOf = ({ ResourceId = "" }: Scalable, ...more: string[]) => [ResourceId, ...more].join(" ");
const arn = ({ settings }: Platform, resource: string) =>
  `arn:aws:application-autoscaling:${settings.region}:${settings.accountId}:${resource}`;
const anyTarget = { resource: (_: object, platform: Platform) => arn(platform, "scalable-target/*") };
const byArn = { resource: ({ ResourceARN = "" }: { ResourceARN?: string }) => ResourceARN };

/** Endpoint and variant of `endpoint/<name>/variant/<name>`. @throws AwsError when it is something else. */
export function variantOf({ ServiceNamespace, ResourceId = "", ScalableDimension }: Scalable) {
  if (ServiceNamespace !== "sagemaker" || ScalableDimension !== dimension)
    throw notSupported(
      `the scalable dimension ${ScalableDimension} of ${ServiceNamespace}`,
      `It scales ${dimension} of sagemaker only.`,
    );
  const [, endpoint, variant] = /^endpoint\/([^/]+)\/variant\/([^/]+)$/.exec(ResourceId) ?? [];
  if (endpoint && variant) return { endpoint, variant };
  throw validationException(
    `ResourceId '${ResourceId}' must be endpoint/<endpoint name>/variant/<variant name>.`,
  );
}

function find<T extends object>(store: Store<T>, key: string, what: string, scalable: Scalable): Readonly<T> {
  const found = store.get(key);
  if (found) return found;
  const { ServiceNamespace, ResourceId, ScalableDimension } = scalable;
  throw new AwsError(
    "ObjectNotFoundException",
    `No ${what} found for service namespace: ${ServiceNamespace}, resource ID: ${ResourceId}, scalable dimension: ${ScalableDimension}`,
  );
}

const findTarget = ({ stores }: Platform, scalable: Scalable) =>
  find(stores.scalableTargets, keyOf(scalable), "scalable target", scalable);

const register = operation<RegisterScalableTargetRequest>({
  ...anyTarget,
  run(request, platform) {
    const { stores, settings } = platform;
    const { endpoint, variant } = variantOf(request);
    const known = stores.scalableTargets.get(keyOf(request));
    const { MinCapacity = known?.MinCapacity, MaxCapacity = known?.MaxCapacity } = request;
    if (MinCapacity === undefined || MaxCapacity === undefined)
      throw validationException(
        "MinCapacity and MaxCapacity are required to register a new scalable target.",
      );
    if (MinCapacity > MaxCapacity)
      throw validationException(
        `Maximum capacity ${MaxCapacity} cannot be less than minimum capacity ${MinCapacity}.`,
      );
    const found = stores.endpoints
      .get(endpoint)
      ?.fleet?.variants.find((deployed) => deployed.variant.VariantName === variant);
    if (!found)
      throw validationException(
        `The endpoint ${endpoint} with a variant ${variant} does not exist or is not in service.`,
      );
    if (found.instanceCount === undefined)
      throw validationException(
        `The variant ${variant} of endpoint ${endpoint} is serverless: it has no instances to scale.`,
      );
    const targetArn = known?.arn ?? arn(platform, `scalable-target/${randomBytes(16).toString("hex")}`);
    const record: ScalableTargetRecord = {
      ...{ CreationTime: now(), SuspendedState: allOn, ...known, ...request, MinCapacity, MaxCapacity },
      ...{ arn: targetArn, ScalableTargetARN: targetArn },
      tags: known?.tags ?? Object.entries(request.Tags ?? {}).map(([Key, Value]) => ({ Key, Value })),
      RoleARN: `arn:aws:iam::${settings.accountId}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/${serviceLinkedRole}`,
    };
    stores.scalableTargets.put(keyOf(request), record);
    return { ScalableTargetARN: targetArn };
  },
});

const allOn = {
  ...{ DynamicScalingInSuspended: false, DynamicScalingOutSuspended: false },
  ScheduledScalingSuspended: false,
};

/** Whether a record is one of those that a Describe asks for. */
const asked = (record: Scalable, wanted: Scalable, ids: string[] = []) =>
  record.ServiceNamespace === wanted.ServiceNamespace &&
  (ids.length === 0 || ids.includes(record.ResourceId ?? "")) &&
  (wanted.ScalableDimension === undefined || record.ScalableDimension === wanted.ScalableDimension);

const describeTargets = operation<DescribeScalableTargetsRequest>({
  resource: anyResource,
  run: (request, { stores, models }) => ({
    ScalableTargets: stores.scalableTargets
      .values()
      .filter((target) => asked(target, request, request.ResourceIds))
      .map((target) => models.autoscaling.pick("ScalableTarget", target)),
  }),
});

const deregister = operation<DeregisterScalableTargetRequest>({
  ...anyTarget,
  run(request, platform) {
    const { scalableTargets, scalingPolicies } = platform.stores;
    findTarget(platform, request);
    scalableTargets.delete(keyOf(request));
    for (const [key, policy] of scalingPolicies.entries())
      if (policy.ResourceId === request.ResourceId) scalingPolicies.delete(key);
    return {};
  },
});

const putPolicy = operation<PutScalingPolicyRequest>({
  ...anyTarget,
  run(request, platform) {
    const { stores } = platform;
    findTarget(platform, request);
    const { PolicyName = "", ResourceId = "" } = request;
    const key = keyOf(request, PolicyName);
    const known = stores.scalingPolicies.get(key);
    const id = `scalingPolicy:${randomBytes(16).toString("hex")}:resource/sagemaker/${ResourceId}:policyName/${PolicyName}`;
    const { region, accountId } = platform.settings;
    const policyArn = known?.arn ?? `arn:aws:autoscaling:${region}:${accountId}:${id}`;
    const record: ScalingPolicyRecord = {
      ...{ PolicyType: "StepScaling", CreationTime: now(), ...known, ...request },
      ...{ arn: policyArn, PolicyARN: policyArn, tags: [] },
    };
    stores.scalingPolicies.put(key, record);
    return { PolicyARN: policyArn, Alarms: [] };
  },
});

const describePolicies = operation<DescribeScalingPoliciesRequest>({
  resource: anyResource,
  run: (request, { stores, models }) => ({
    ScalingPolicies: stores.scalingPolicies
      .values()
      .filter((policy) => asked(policy, request, request.ResourceId ? [request.ResourceId] : []))
      .filter(({ PolicyName = "" }) => request.PolicyNames?.includes(PolicyName) ?? true)
      .map((policy) => ({ Alarms: [], ...models.autoscaling.pick("ScalingPolicy", policy) })),
  }),
});

const deletePolicy = operation<DeleteScalingPolicyRequest>({
  ...anyTarget,
  run(request, { stores }) {
    const key = keyOf(request, request.PolicyName ?? "");
    find(stores.scalingPolicies, key, "scaling policy", request);
    stores.scalingPolicies.delete(key);
    return {};
  },
});

function findByArn({ stores }: Platform, ResourceARN = ""): [string, Readonly<ScalableTargetRecord>] {
  const entry = stores.scalableTargets.entries().find(([, target]) => target.arn === ResourceARN);
  if (entry) return entry;
  throw new AwsError("ResourceNotFoundException", `No scalable target has the ARN ${ResourceARN}.`, 400, {
    ResourceName: ResourceARN,
  });
}

const tag = operation<TagResourceRequest>({
  ...byArn,
  run({ ResourceARN, Tags = {} }, platform) {
    const [key, target] = findByArn(platform, ResourceARN);
    const kept = target.tags.filter(({ Key = "" }) => !(Key in Tags));
    const added = Object.entries(Tags).map(([Key, Value]) => ({ Key, Value }));
    platform.stores.scalableTargets.update(key, { tags: [...kept, ...added] });
    return {};
  },
});

const untag = operation<UntagResourceRequest>({
  ...byArn,
  run({ ResourceARN, TagKeys = [] }, platform) {
    const [key, target] = findByArn(platform, ResourceARN);
    const tags = target.tags.filter(({ Key = "" }) => !TagKeys.includes(Key));
    platform.stores.scalableTargets.update(key, { tags });
    return {};
  },
});

const listTags = operation<ListTagsForResourceRequest>({
  ...byArn,
  run({ ResourceARN }, platform) {
    const [, { tags }] = findByArn(platform, ResourceARN);
    return { Tags: Object.fromEntries(tags.map(({ Key = "", Value = "" }) => [Key, Value])) };
  },
});

/** The part of Application Auto Scaling that an endpoint needs. Kept, and evaluated by `TargetTracking`. */
export const autoscalingOperations = new Map<string, Operation>(
  Object.entries({
    RegisterScalableTarget: register,
    DescribeScalableTargets: describeTargets,
    DeregisterScalableTarget: deregister,
    PutScalingPolicy: putPolicy,
    DescribeScalingPolicies: describePolicies,
    DeleteScalingPolicy: deletePolicy,
    TagResource: tag,
    UntagResource: untag,
    ListTagsForResource: listTags,
  }),
);
