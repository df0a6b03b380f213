import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  LambdaClient,
  ListTagsCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import { type lambda } from "@pulumi/aws";
import { setTimeout as sleep } from "node:timers/promises";
import { type Call, type Inputs, resource } from "../shared/resource";
import { tagChanges } from "../shared/tags";

const pollMs = 100;

function mappingOf(inputs: Inputs<lambda.EventSourceMappingArgs>) {
  const { destinationConfig, filterCriteria, scalingConfig } = inputs;
  return {
    ...{ FunctionName: inputs.functionName, BatchSize: inputs.batchSize, Enabled: inputs.enabled },
    MaximumBatchingWindowInSeconds: inputs.maximumBatchingWindowInSeconds,
    FunctionResponseTypes: inputs.functionResponseTypes ?? [],
    FilterCriteria: { Filters: filterCriteria?.filters?.map(({ pattern }) => ({ Pattern: pattern })) ?? [] },
    ScalingConfig: scalingConfig && { MaximumConcurrency: scalingConfig.maximumConcurrency },
    ...{
      MaximumRetryAttempts: inputs.maximumRetryAttempts,
      MaximumRecordAgeInSeconds: inputs.maximumRecordAgeInSeconds,
    },
    ...{
      ParallelizationFactor: inputs.parallelizationFactor,
      BisectBatchOnFunctionError: inputs.bisectBatchOnFunctionError,
    },
    DestinationConfig: destinationConfig?.onFailure && {
      OnFailure: { Destination: destinationConfig.onFailure.destinationArn },
    },
    TumblingWindowInSeconds: inputs.tumblingWindowInSeconds,
  };
}

/** A mapping takes a function's name or ARN; which one the program chose does not matter. */
const functionNameOf = (nameOrArn = "") => nameOrArn.split(":function:").at(-1)!;

async function mappingSettled(UUID: string, call: Call): Promise<void> {
  for (;;) {
    const { State } = await call.client(LambdaClient).send(new GetEventSourceMappingCommand({ UUID }));
    if (!/ing$/.test(State ?? "")) return; // Creating, Updating, Enabling, Disabling, Deleting
    await sleep(pollMs);
  }
}

export const eventSourceMapping = resource<lambda.EventSourceMappingArgs>({
  inputs: {
    eventSourceArn: { replaces: true },
    functionName: { required: true },
    batchSize: { computed: true },
    enabled: { default: true },
    functionResponseTypes: { set: true },
    filterCriteria: {},
    scalingConfig: {},
    maximumBatchingWindowInSeconds: { computed: true },
    maximumRetryAttempts: { computed: true },
    maximumRecordAgeInSeconds: { computed: true },
    parallelizationFactor: { computed: true },
    bisectBatchOnFunctionError: {},
    destinationConfig: {},
    tumblingWindowInSeconds: {},
    startingPosition: { replaces: true },
    startingPositionTimestamp: { replaces: true },
    tags: {},
  },
  outputs: ["uuid", "functionArn", "lastModified", "lastProcessingResult", "state", "stateTransitionReason"],
  volatile: ["lastModified", "state"],
  async create(inputs, call) {
    const { startingPositionTimestamp: from } = inputs;
    const { UUID } = await call.client(LambdaClient).send(
      new CreateEventSourceMappingCommand({
        ...mappingOf(inputs),
        EventSourceArn: inputs.eventSourceArn,
        StartingPosition: inputs.startingPosition as "LATEST" | undefined,
        StartingPositionTimestamp: from ? new Date(from) : undefined,
        Tags: inputs.tagsAll,
      } as CreateEventSourceMappingCommandInput),
    );
    call.created(UUID!);
    await mappingSettled(UUID!, call);
    return UUID!;
  },
  async read({ id, functionName }, call) {
    const client = call.client(LambdaClient);
    const found = await client.send(new GetEventSourceMappingCommand({ UUID: id }));
    if (found.State === "Deleting") return undefined;
    const account = await call.accountId();
    const arn =
      found.EventSourceMappingArn ?? `arn:aws:lambda:${call.region}:${account}:event-source-mapping:${id}`;
    const foundName = functionNameOf(found.FunctionArn);
    const filters = found.FilterCriteria?.Filters?.map(({ Pattern }) => ({ pattern: Pattern }));
    const destinationArn = found.DestinationConfig?.OnFailure?.Destination;
    const { Tags } = await client
      .send(new ListTagsCommand({ Resource: arn }))
      .catch(() => ({ Tags: undefined }));
    return {
      ...{ uuid: id, arn, eventSourceArn: found.EventSourceArn, functionArn: found.FunctionArn },
      functionName: functionNameOf(functionName) === foundName ? functionName : foundName,
      ...{ batchSize: found.BatchSize, enabled: !/^Disabl/.test(found.State ?? ""), state: found.State },
      functionResponseTypes: found.FunctionResponseTypes,
      filterCriteria: filters?.length ? { filters } : undefined,
      scalingConfig: found.ScalingConfig?.MaximumConcurrency
        ? { maximumConcurrency: found.ScalingConfig.MaximumConcurrency }
        : undefined,
      maximumBatchingWindowInSeconds: found.MaximumBatchingWindowInSeconds,
      ...{
        maximumRetryAttempts: found.MaximumRetryAttempts,
        maximumRecordAgeInSeconds: found.MaximumRecordAgeInSeconds,
      },
      ...{
        parallelizationFactor: found.ParallelizationFactor,
        bisectBatchOnFunctionError: found.BisectBatchOnFunctionError,
      },
      destinationConfig: destinationArn ? { onFailure: { destinationArn } } : undefined,
      ...{ tumblingWindowInSeconds: found.TumblingWindowInSeconds, startingPosition: found.StartingPosition },
      ...{
        lastModified: found.LastModified?.toISOString(),
        lastProcessingResult: found.LastProcessingResult,
      },
      stateTransitionReason: found.StateTransitionReason,
      ...(Tags ? { tagsAll: Tags } : {}),
    };
  },
  async update(now, call, was) {
    const client = call.client(LambdaClient);
    await client.send(
      new UpdateEventSourceMappingCommand({ UUID: now.id, ...mappingOf(now) } as { UUID: string }),
    );
    await mappingSettled(now.id, call);
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0)
        await client.send(new UntagResourceCommand({ Resource: now.arn, TagKeys: remove }));
      await client.send(new TagResourceCommand({ Resource: now.arn, Tags: set }));
    }
  },
  async delete({ id }, call) {
    await call.client(LambdaClient).send(new DeleteEventSourceMappingCommand({ UUID: id }));
  },
});
