import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type RuleState,
  TagResourceCommand,
  type Target,
  UntagResourceCommand,
} from "@aws-sdk/client-eventbridge";
import { type cloudwatch } from "@pulumi/aws";
import { type Call, type Inputs, resource } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";

const defaultBus = "default";

/** A rule on the default bus is known by its name alone. */
const ruleId = (bus: string | undefined, name: string) =>
  !bus || bus === defaultBus ? name : `${bus}/${name}`;

function fromRuleId(id: string) {
  const [name, bus = defaultBus] = id.split("/").reverse();
  return { Name: name!, EventBusName: bus };
}

async function putRule(
  inputs: Inputs<cloudwatch.EventRuleArgs>,
  tags: Record<string, string> | undefined,
  call: Call,
) {
  const { name, eventBusName } = inputs;
  await call.client(EventBridgeClient).send(
    new PutRuleCommand({
      ...{ Name: name, EventBusName: eventBusName, Description: inputs.description, RoleArn: inputs.roleArn },
      ...{ EventPattern: inputs.eventPattern, ScheduleExpression: inputs.scheduleExpression },
      State: (inputs.state ?? (inputs.isEnabled === false ? "DISABLED" : "ENABLED")) as RuleState,
      ...(tags ? { Tags: toTagList(tags) } : {}),
    }),
  );
  return ruleId(eventBusName, name!);
}

export const eventRule = resource<cloudwatch.EventRuleArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 64 } },
    namePrefix: { replaces: true },
    eventBusName: { replaces: true, default: defaultBus },
    description: {},
    eventPattern: { json: true },
    scheduleExpression: {},
    roleArn: {},
    isEnabled: { computed: true },
    state: { computed: true },
    forceDestroy: { default: false },
    tags: {},
  },
  create: (inputs, call) => putRule(inputs, inputs.tagsAll, call),
  async read({ id }, call) {
    const client = call.client(EventBridgeClient);
    const found = await client.send(new DescribeRuleCommand(fromRuleId(id)));
    const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceARN: found.Arn }));
    return {
      ...{
        name: found.Name,
        arn: found.Arn,
        eventBusName: found.EventBusName ?? defaultBus,
        roleArn: found.RoleArn,
      },
      ...{
        description: found.Description,
        eventPattern: found.EventPattern,
        scheduleExpression: found.ScheduleExpression,
      },
      ...{ state: found.State, isEnabled: found.State !== "DISABLED", tagsAll: fromTagList(Tags) },
    };
  },
  async update(now, call, was) {
    const client = call.client(EventBridgeClient);
    // The program says one of the two; the other is only what AWS answered before.
    const state = call.changed("isEnabled") && !call.changed("state") ? undefined : now.state;
    await putRule({ ...now, state }, undefined, call);
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0)
        await client.send(new UntagResourceCommand({ ResourceARN: now.arn, TagKeys: remove }));
      await client.send(new TagResourceCommand({ ResourceARN: now.arn, Tags: toTagList(set) }));
    }
  },
  async delete({ id, forceDestroy }, call) {
    await call
      .client(EventBridgeClient)
      .send(new DeleteRuleCommand({ ...fromRuleId(id), Force: forceDestroy }));
  },
});

type TargetInputs = Inputs<cloudwatch.EventTargetArgs>;

function toTarget(inputs: TargetInputs): Target {
  const { inputTransformer, deadLetterConfig, retryPolicy, sqsTarget, kinesisTarget } = inputs;
  return {
    ...{
      Id: inputs.targetId,
      Arn: inputs.arn,
      RoleArn: inputs.roleArn,
      Input: inputs.input,
      InputPath: inputs.inputPath,
    },
    InputTransformer: inputTransformer && {
      InputPathsMap: inputTransformer.inputPaths,
      InputTemplate: inputTransformer.inputTemplate,
    },
    DeadLetterConfig: deadLetterConfig && { Arn: deadLetterConfig.arn },
    RetryPolicy: retryPolicy && {
      MaximumEventAgeInSeconds: retryPolicy.maximumEventAgeInSeconds,
      MaximumRetryAttempts: retryPolicy.maximumRetryAttempts,
    },
    SqsParameters: sqsTarget && { MessageGroupId: sqsTarget.messageGroupId },
    KinesisParameters: kinesisTarget && { PartitionKeyPath: kinesisTarget.partitionKeyPath },
  };
}

function fromTarget(target: Target) {
  const {
    InputTransformer: transformer,
    DeadLetterConfig: dead,
    RetryPolicy: retry,
    SqsParameters,
    KinesisParameters,
  } = target;
  return {
    ...{
      targetId: target.Id,
      arn: target.Arn,
      roleArn: target.RoleArn,
      input: target.Input,
      inputPath: target.InputPath,
    },
    inputTransformer: transformer && {
      inputPaths: transformer.InputPathsMap,
      inputTemplate: transformer.InputTemplate,
    },
    deadLetterConfig: dead && { arn: dead.Arn },
    retryPolicy: retry && {
      maximumEventAgeInSeconds: retry.MaximumEventAgeInSeconds,
      maximumRetryAttempts: retry.MaximumRetryAttempts,
    },
    sqsTarget: SqsParameters && { messageGroupId: SqsParameters.MessageGroupId },
    kinesisTarget: KinesisParameters && { partitionKeyPath: KinesisParameters.PartitionKeyPath },
  };
}

async function putTarget(inputs: TargetInputs, call: Call): Promise<string> {
  const { rule, eventBusName, targetId } = inputs;
  const { FailedEntries = [] } = await call
    .client(EventBridgeClient)
    .send(new PutTargetsCommand({ Rule: rule, EventBusName: eventBusName, Targets: [toTarget(inputs)] }));
  if (FailedEntries[0]) throw new Error(`${FailedEntries[0].ErrorCode}: ${FailedEntries[0].ErrorMessage}`);
  return `${ruleId(eventBusName, rule).replace("/", "-")}-${targetId}`;
}

export const eventTarget = resource<cloudwatch.EventTargetArgs>({
  inputs: {
    arn: { required: true },
    rule: { required: true, replaces: true },
    eventBusName: { replaces: true, default: defaultBus },
    targetId: { replaces: true, autoName: { maxLength: 64 } },
    input: { json: true },
    inputPath: {},
    inputTransformer: {},
    roleArn: {},
    deadLetterConfig: {},
    retryPolicy: {},
    sqsTarget: {},
    kinesisTarget: {},
    forceDestroy: { default: false },
  },
  fromImportId(id) {
    const [targetId, rule, bus = defaultBus] = id.split("/").reverse();
    return { targetId, rule, eventBusName: bus, id: `${ruleId(bus, rule!).replace("/", "-")}-${targetId}` };
  },
  create: putTarget,
  async read({ rule, eventBusName, targetId }, call) {
    const where = { Rule: rule, EventBusName: eventBusName };
    const { Targets = [] } = await call.client(EventBridgeClient).send(new ListTargetsByRuleCommand(where));
    const found = Targets.find(({ Id }) => Id === targetId);
    return found && { rule, eventBusName, ...fromTarget(found) };
  },
  async update(now, call) {
    await putTarget(now, call);
  },
  async delete({ rule, eventBusName, targetId, forceDestroy }, call) {
    const input = { Rule: rule, EventBusName: eventBusName, Ids: [targetId!], Force: forceDestroy };
    await call.client(EventBridgeClient).send(new RemoveTargetsCommand(input));
  },
});
