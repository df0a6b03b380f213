import {
  CreateModelPackageCommand,
  DeleteModelPackageCommand,
  DescribeModelPackageCommand,
  type ModelApprovalStatus,
  paginateListModelPackages,
  type SageMakerClient,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import { type Outputs } from "../outputs";
import { type ReleaseRecord } from "./record";

/**
 * Puts a trained release into the model registry, with what it was made from, so that anyone who finds the model finds
 * its data, commit, author and image. One that is there already, from a command that died, is taken.
 * @returns the model package's ARN.
 */
export async function register(
  client: SageMakerClient,
  outputs: Outputs,
  record: Omit<ReleaseRecord, "modelPackageArn" | "gate" | "rejection">,
): Promise<string> {
  const { ingredients, metrics } = record;
  const description = `Release ${record.id}`;
  const known = await findPackage(client, outputs.modelPackageGroup, description);
  if (known) return known;
  const { ModelPackageArn } = await client.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: outputs.modelPackageGroup,
      ModelPackageDescription: description,
      ModelApprovalStatus: "PendingManualApproval", // until the gate has judged it
      InferenceSpecification: {
        Containers: [{ Image: ingredients.imageUri, ModelDataUrl: record.modelDataUrl }],
        SupportedContentTypes: ["application/json", "application/jsonlines", "text/csv"],
        SupportedResponseMIMETypes: ["application/json", "application/jsonlines", "text/csv"],
      },
      CustomerMetadataProperties: {
        release: record.id,
        snapshot: ingredients.snapshot,
        schema: ingredients.schema,
        trainingJob: record.trainingJob,
        ...(record.modelDataSha256 ? { artifact: record.modelDataSha256 } : {}),
        image: ingredients.imageUri.split("@").at(-1) ?? "",
        imageSource: ingredients.imageSource,
        author: record.by,
        ...(record.commit ? { commit: record.commit } : {}),
        ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, String(value)])),
      },
    }),
  );
  if (!ModelPackageArn) throw new Error("SageMaker gave no ARN for the model package");
  return ModelPackageArn;
}

async function findPackage(
  client: SageMakerClient,
  group: string,
  description: string,
): Promise<string | undefined> {
  for await (const page of paginateListModelPackages({ client }, { ModelPackageGroupName: group })) {
    for (const found of page.ModelPackageSummaryList ?? []) {
      if (found.ModelPackageDescription === description) return found.ModelPackageArn;
    }
  }
  return undefined;
}

export interface Approval {
  status: ModelApprovalStatus;
  /** Why, by whom. */
  description?: string;
}

/** AWS's limit on a description of an approval. */
const longestDescription = 1024;

/** Whether a model may be served, as the registry says: by the gate, by `slipway approve`, or by anyone in SageMaker. */
export async function readApproval(client: SageMakerClient, modelPackageArn: string): Promise<Approval> {
  const found = await client.send(new DescribeModelPackageCommand({ ModelPackageName: modelPackageArn }));
  return {
    status: found.ModelApprovalStatus ?? "PendingManualApproval",
    description: found.ApprovalDescription,
  };
}

export async function setApproval(
  client: SageMakerClient,
  modelPackageArn: string,
  status: ModelApprovalStatus,
  description: string,
): Promise<void> {
  await client.send(
    new UpdateModelPackageCommand({
      ModelPackageArn: modelPackageArn,
      ModelApprovalStatus: status,
      ApprovalDescription: description.slice(0, longestDescription),
    }),
  );
}

/** The approval status of every model package of a group, by ARN. */
export async function listApprovals(
  client: SageMakerClient,
  group: string,
): Promise<Map<string, ModelApprovalStatus>> {
  const statuses = new Map<string, ModelApprovalStatus>();
  for await (const page of paginateListModelPackages({ client }, { ModelPackageGroupName: group })) {
    for (const { ModelPackageArn, ModelApprovalStatus } of page.ModelPackageSummaryList ?? []) {
      if (ModelPackageArn && ModelApprovalStatus) statuses.set(ModelPackageArn, ModelApprovalStatus);
    }
  }
  return statuses;
}

/** Deletes every model package of a group: SageMaker deletes no group that holds one. */
export async function emptyRegistry(client: SageMakerClient, group: string): Promise<void> {
  for await (const page of paginateListModelPackages({ client }, { ModelPackageGroupName: group })) {
    for (const { ModelPackageArn } of page.ModelPackageSummaryList ?? []) {
      await client.send(new DeleteModelPackageCommand({ ModelPackageName: ModelPackageArn }));
    }
  }
}
