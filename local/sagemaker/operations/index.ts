import { endpointConfigOperations } from "./endpoint-configs";
import { endpointOperations } from "./endpoints";
import { modelPackageOperations } from "./model-packages";
import { modelOperations } from "./models";
import type { Operation } from "./operation";
import { processingJobOperations } from "./processing-jobs";
import { tagOperations } from "./tags";
import { trainingJobOperations } from "./training-jobs";
import { transformJobOperations } from "./transform-jobs";

/** The operations of the control plane that this server has, by what they are about. */
export const operationGroups: Record<string, Record<string, Operation>> = {
  "processing jobs": processingJobOperations,
  "training jobs": trainingJobOperations,
  "transform jobs": transformJobOperations,
  models: modelOperations,
  "endpoint configurations": endpointConfigOperations,
  endpoints: endpointOperations,
  "model packages": modelPackageOperations,
  tags: tagOperations,
};

/** All of them, by name. */
export const operations = new Map<string, Operation>(Object.values(operationGroups).flatMap(Object.entries));
