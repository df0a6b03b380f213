import {
  CreateModelPackageCommand,
  DeleteModelPackageCommand,
  paginateListModelPackages,
  type SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { type Outputs } from "../stack";
import { type ReleaseRecord } from "./record";

/**
 * Puts a trained release into the model registry, with what it was made from, so that anyone who finds the model finds
 * its data, commit and image. @returns the model package's ARN.
 */
export async function register(
  client: SageMakerClient,
  outputs: Outputs,
  record: Omit<ReleaseRecord, "modelPackageArn">,
): Promise<string> {
  const { ingredients, metrics } = record;
  const { ModelPackageArn } = await client.send(
    new CreateModelPackageCommand({
      ModelPackageGroupName: outputs.modelPackageGroup,
      ModelPackageDescription: `Release ${record.id}`,
      ModelApprovalStatus: "Approved",
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
        ...(record.commit ? { commit: record.commit } : {}),
        ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, String(value)])),
      },
    }),
  );
  if (!ModelPackageArn) throw new Error("SageMaker gave no ARN for the model package");
  return ModelPackageArn;
}

/** Deletes every model package of a group: SageMaker deletes no group that holds one. */
export async function emptyRegistry(client: SageMakerClient, group: string): Promise<void> {
  for await (const page of paginateListModelPackages({ client }, { ModelPackageGroupName: group })) {
    for (const { ModelPackageArn } of page.ModelPackageSummaryList ?? []) {
      await client.send(new DeleteModelPackageCommand({ ModelPackageName: ModelPackageArn }));
    }
  }
}
