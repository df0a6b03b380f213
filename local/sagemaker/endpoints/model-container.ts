import type { ContainerDefinition } from "@aws-sdk/client-sagemaker";
import { notSupported, validationException } from "../protocol/errors";
import type { ModelRecord, Stores } from "../records";

/**
 * The one container of a model, with what its model package says filled in.
 * @throws AwsError when there is none, or more than one, or the package is not there or not approved.
 */
export function modelContainer(
  stores: Stores,
  model: Pick<ModelRecord, "PrimaryContainer" | "Containers">,
): ContainerDefinition {
  const containers = model.PrimaryContainer ? [model.PrimaryContainer] : (model.Containers ?? []);
  const [container] = containers;
  if (!container) throw validationException("Either PrimaryContainer or Containers must be specified.");
  if (containers.length > 1) throw notSupported("inference pipelines", "Give the model one container.");
  if (container.MultiModelConfig || container.Mode === "MultiModel") {
    throw notSupported("multi-model containers", "Give each model an endpoint variant of its own.");
  }
  if (!container.ModelPackageName) {
    if (!container.Image)
      throw validationException("The container must have an Image or a ModelPackageName.");
    return container;
  }
  return fromPackage(stores, container);
}

function fromPackage(stores: Stores, container: ContainerDefinition): ContainerDefinition {
  const name = container.ModelPackageName ?? "";
  const key = name.includes(":model-package/") ? name.split(":model-package/")[1] : name;
  const found = stores.modelPackages.get(key ?? "");
  if (!found) throw validationException(`ModelPackage ${name} does not exist.`);
  if (found.ModelApprovalStatus && found.ModelApprovalStatus !== "Approved") {
    throw validationException(
      `Model package ${found.arn} cannot be deployed: its approval status is ${found.ModelApprovalStatus}. Approve it with UpdateModelPackage first.`,
    );
  }
  const packaged = found.InferenceSpecification?.Containers?.[0];
  if (!packaged?.Image) throw validationException(`ModelPackage ${name} has no container with an Image.`);
  const { Image, ModelDataUrl, ModelDataSource, Environment } = packaged;
  return {
    ...{ Image, ModelDataUrl, ModelDataSource },
    ...container,
    Environment: { ...Environment, ...container.Environment },
  };
}
