import type {
  CreateModelPackageGroupInput,
  CreateModelPackageInput,
  DeleteModelPackageGroupInput,
  DeleteModelPackageInput,
  DescribeModelPackageGroupInput,
  DescribeModelPackageInput,
  UpdateModelPackageInput,
} from "@aws-sdk/client-sagemaker";
import { type Platform, arnOf } from "../platform";
import { conflict, notSupported, validationException } from "../protocol/errors";
import { type ListInput, listPage } from "../protocol/listing";
import { type ModelPackageGroupRecord, type ModelPackageRecord, now } from "../records";
import { anyResource, operation } from "./operation";

const groupType = "model-package-group";
const packageType = "model-package";

/** Both take a name or an ARN; what follows the type in an ARN is the key of the record. */
const keyOf = (type: string, nameOrArn = "") => nameOrArn.split(`:${type}/`)[1] ?? nameOrArn;
const groupArn = (platform: Platform, nameOrArn = "") =>
  arnOf(platform.settings, groupType, keyOf(groupType, nameOrArn));
const packageArn = (platform: Platform, nameOrArn = "") =>
  arnOf(platform.settings, packageType, keyOf(packageType, nameOrArn));

function findGroup(platform: Platform, nameOrArn = ""): Readonly<ModelPackageGroupRecord> {
  const key = keyOf(groupType, nameOrArn);
  const { modelPackageGroups } = platform.stores;
  const record =
    modelPackageGroups.get(key) ?? modelPackageGroups.values().find((group) => group.arn === nameOrArn);
  if (!record)
    throw validationException(`ModelPackageGroup ${groupArn(platform, nameOrArn)} does not exist.`);
  return record;
}

function findPackage(
  platform: Platform,
  nameOrArn = "",
): { key: string; record: Readonly<ModelPackageRecord> } {
  const key = keyOf(packageType, nameOrArn);
  const record = platform.stores.modelPackages.get(key);
  if (!record) throw validationException(`ModelPackage ${packageArn(platform, nameOrArn)} does not exist.`);
  return { key, record };
}

const createGroup = operation<CreateModelPackageGroupInput>({
  resource: ({ ModelPackageGroupName }, platform) => groupArn(platform, ModelPackageGroupName),
  run(request, platform) {
    const { ModelPackageGroupName: name = "" } = request;
    const arn = groupArn(platform, name);
    if (platform.stores.modelPackageGroups.get(name)) {
      throw validationException(`Model Package Group already exists: ${arn}`);
    }
    platform.stores.modelPackageGroups.put(name, {
      ...request,
      ...{ arn, tags: request.Tags ?? [], CreationTime: now(), CreatedBy: {}, lastVersion: 0 },
      ...{ ModelPackageGroupName: name, ModelPackageGroupArn: arn, ModelPackageGroupStatus: "Completed" },
    });
    return { ModelPackageGroupArn: arn };
  },
});

const describeGroup = operation<DescribeModelPackageGroupInput>({
  resource: ({ ModelPackageGroupName }, platform) => groupArn(platform, ModelPackageGroupName),
  run: ({ ModelPackageGroupName }, platform) =>
    platform.models.sagemaker.pick(
      "DescribeModelPackageGroupOutput",
      findGroup(platform, ModelPackageGroupName),
    ),
});

const listGroups = operation<ListInput>({
  resource: anyResource,
  run(input, { stores, models }) {
    const keysOf = (group: ModelPackageGroupRecord) => ({
      name: group.ModelPackageGroupName,
      creationTime: group.CreationTime,
    });
    const { page, NextToken } = listPage(stores.modelPackageGroups.values(), input, keysOf, "Ascending");
    const summaries = page.map((group) => models.sagemaker.pick("ModelPackageGroupSummary", group));
    return { ModelPackageGroupSummaryList: summaries, NextToken };
  },
});

const deleteGroup = operation<DeleteModelPackageGroupInput>({
  resource: ({ ModelPackageGroupName }, platform) => groupArn(platform, ModelPackageGroupName),
  run({ ModelPackageGroupName }, platform) {
    const { ModelPackageGroupName: name, arn } = findGroup(platform, ModelPackageGroupName);
    const held = platform.stores.modelPackages
      .values()
      .filter((found) => found.ModelPackageGroupName === name);
    if (held.length > 0) {
      throw conflict(
        `Model Package Group ${arn} cannot be deleted because it contains ${held.length} Model Package(s).`,
      );
    }
    platform.stores.modelPackageGroups.delete(name);
    return {};
  },
});

const createPackage = operation<CreateModelPackageInput>({
  resource: ({ ModelPackageGroupName, ModelPackageName }, platform) =>
    packageArn(platform, ModelPackageName ?? `${keyOf(groupType, ModelPackageGroupName)}/*`),
  run(request, platform) {
    const { ModelPackageGroupName, ModelPackageName, ...rest } = request;
    if ((ModelPackageGroupName === undefined) === (ModelPackageName === undefined)) {
      throw validationException(
        "Either ModelPackageGroupName or ModelPackageName must be provided, and not both.",
      );
    }
    if (request.SourceAlgorithmSpecification || request.ValidationSpecification) {
      throw notSupported(
        "algorithms and validation in model packages",
        "Give an InferenceSpecification alone.",
      );
    }
    const group =
      ModelPackageGroupName === undefined ? undefined : findGroup(platform, ModelPackageGroupName);
    const version = group ? group.lastVersion + 1 : undefined;
    const key = group ? `${group.ModelPackageGroupName}/${version}` : (ModelPackageName ?? "");
    const arn = packageArn(platform, key);
    if (platform.stores.modelPackages.get(key))
      throw validationException(`Model Package already exists: ${arn}`);
    // The number first: should this process die in between, a version is skipped rather than given twice.
    if (group && version)
      platform.stores.modelPackageGroups.update(group.ModelPackageGroupName, { lastVersion: version });
    const record: ModelPackageRecord = {
      ...rest,
      ...{ arn, tags: request.Tags ?? [], CreationTime: now(), ModelPackageArn: arn },
      ModelPackageName: group?.ModelPackageGroupName ?? ModelPackageName ?? "",
      ...(group ? { ModelPackageGroupName: group.ModelPackageGroupName, ModelPackageVersion: version } : {}),
      ModelApprovalStatus: request.ModelApprovalStatus ?? (group ? "PendingManualApproval" : undefined),
      ModelPackageStatus: "Completed",
      ModelPackageStatusDetails: { ValidationStatuses: [] },
    };
    platform.stores.modelPackages.put(key, record);
    announce(platform, record);
    return { ModelPackageArn: arn };
  },
});

const describePackage = operation<DescribeModelPackageInput>({
  resource: ({ ModelPackageName }, platform) => packageArn(platform, ModelPackageName),
  run: ({ ModelPackageName }, platform) =>
    platform.models.sagemaker.pick(
      "DescribeModelPackageOutput",
      findPackage(platform, ModelPackageName).record,
    ),
});

interface ListPackagesInput extends ListInput {
  ModelApprovalStatus?: string;
  ModelPackageGroupName?: string;
  ModelPackageType?: "Versioned" | "Unversioned" | "Both";
}

const listPackages = operation<ListPackagesInput>({
  resource: anyResource,
  run(input, platform) {
    const { stores, models } = platform;
    const group =
      input.ModelPackageGroupName && findGroup(platform, input.ModelPackageGroupName).ModelPackageGroupName;
    const type = input.ModelPackageType ?? (group ? "Versioned" : "Unversioned");
    const chosen = stores.modelPackages.values().filter((found) => {
      const versioned = found.ModelPackageVersion !== undefined;
      return (
        (!group || found.ModelPackageGroupName === group) &&
        (type === "Both" || versioned === (type === "Versioned")) &&
        (!input.ModelApprovalStatus || found.ModelApprovalStatus === input.ModelApprovalStatus)
      );
    });
    const keysOf = (found: ModelPackageRecord) => ({ name: found.arn, creationTime: found.CreationTime });
    const { page, NextToken } = listPage(chosen, input, keysOf, "Ascending");
    return {
      ModelPackageSummaryList: page.map((found) => models.sagemaker.pick("ModelPackageSummary", found)),
      NextToken,
    };
  },
});

const updatePackage = operation<UpdateModelPackageInput>({
  resource: ({ ModelPackageArn }, platform) => packageArn(platform, ModelPackageArn),
  run(input, platform) {
    const { key, record } = findPackage(platform, input.ModelPackageArn);
    if (input.AdditionalInferenceSpecificationsToAdd) {
      throw notSupported("AdditionalInferenceSpecificationsToAdd", "Create another version of the package.");
    }
    const metadata = { ...record.CustomerMetadataProperties, ...input.CustomerMetadataProperties };
    for (const name of input.CustomerMetadataPropertiesToRemove ?? []) delete metadata[name];
    const updated: ModelPackageRecord = {
      ...{ ...record, ...input, ModelPackageArn: record.arn },
      ...{ CustomerMetadataProperties: metadata, LastModifiedTime: now() },
    };
    platform.stores.modelPackages.put(key, updated);
    announce(platform, updated);
    return { ModelPackageArn: record.arn };
  },
});

const deletePackage = operation<DeleteModelPackageInput>({
  resource: ({ ModelPackageName }, platform) => packageArn(platform, ModelPackageName),
  run({ ModelPackageName }, platform) {
    platform.stores.modelPackages.delete(findPackage(platform, ModelPackageName).key);
    return {};
  },
});

function announce({ events }: Platform, record: ModelPackageRecord): void {
  const {
    arn,
    ModelPackageName,
    ModelPackageGroupName,
    ModelPackageVersion,
    ModelApprovalStatus,
    CreationTime,
  } = record;
  events.stateChange("SageMaker Model Package", arn, {
    ...{ ModelPackageName, ModelPackageGroupName, ModelPackageVersion, ModelPackageArn: arn },
    ...{ ModelPackageStatus: record.ModelPackageStatus, ModelApprovalStatus },
    ...{
      ApprovalDescription: record.ApprovalDescription,
      InferenceSpecification: record.InferenceSpecification,
    },
    CreationTime: new Date(CreationTime * 1000).toISOString(),
  });
}

export const modelPackageOperations = {
  CreateModelPackageGroup: createGroup,
  DescribeModelPackageGroup: describeGroup,
  ListModelPackageGroups: listGroups,
  DeleteModelPackageGroup: deleteGroup,
  CreateModelPackage: createPackage,
  DescribeModelPackage: describePackage,
  ListModelPackages: listPackages,
  UpdateModelPackage: updatePackage,
  DeleteModelPackage: deletePackage,
};
