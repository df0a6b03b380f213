import { endpointConfigOperations } from "./endpoint-configs";
import { endpointOperations } from "./endpoints";
import { modelPackageOperations } from "./model-packages";
import { modelOperations } from "./models";
import type { Operation } from "./operation";
import { processingJobOperations } from "./processing-jobs";
import { tagOperations } from "./tags";
import { trainingJobOperations } from "./training-jobs";
import { transformJobOperations } from "./transform-jobs";

/** Every operation of the control plane that this server has. */
export const operations = new Map<string, Operation>(
  Object.entries({
    ...processingJobOperations,
    ...trainingJobOperations,
    ...transformJobOperations,
    ...modelOperations,
    ...endpointConfigOperations,
    ...endpointOperations,
    ...modelPackageOperations,
    ...tagOperations,
  }),
);
