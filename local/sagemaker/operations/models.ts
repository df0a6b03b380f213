import type { CreateModelInput, DeleteModelInput, DescribeModelInput } from "@aws-sdk/client-sagemaker";
import { TransferError, requireObject } from "../aws/s3";
import { modelData } from "../endpoints/deployed";
import { modelContainer } from "../endpoints/model-container";
import { type Platform, arnOf } from "../platform";
import { validationException } from "../protocol/errors";
import { type ListInput, listPage } from "../protocol/listing";
import { type ModelData, type ModelRecord, now } from "../records";
import { anyResource, operation } from "./operation";

const arn = (platform: Platform, name = "") => arnOf(platform.settings, "model", name);
const byName = {
  resource: ({ ModelName }: { ModelName?: string }, platform: Platform) => arn(platform, ModelName),
};

function find(platform: Platform, name = ""): Readonly<ModelRecord> {
  const record = platform.stores.models.get(name);
  if (!record) throw validationException(`Could not find model "${arn(platform, name)}".`);
  return record;
}

const create = operation<CreateModelInput>({
  ...byName,
  passedRole: ({ ExecutionRoleArn }) => ExecutionRoleArn,
  async run(request, platform) {
    const { ModelName: name = "", ExecutionRoleArn: role } = request;
    if (!role) throw validationException("ExecutionRoleArn must be specified.");
    const data = modelData(modelContainer(platform.stores, request));
    await platform.cloud.requireRole(role);
    if (data) await requireModelData(platform, role, data);
    if (platform.stores.models.get(name)) {
      throw validationException(`Cannot create already existing model "${arn(platform, name)}".`);
    }
    const record: ModelRecord = {
      ...request,
      ...{ ModelName: name, arn: arn(platform, name), ModelArn: arn(platform, name) },
      ...{ tags: request.Tags ?? [], CreationTime: now() },
    };
    platform.stores.models.put(name, record);
    return { ModelArn: record.arn };
  },
});

/** As AWS, at once: a model that its role cannot read would only fail later, when it is deployed. */
async function requireModelData(
  { cloud, settings }: Platform,
  roleArn: string,
  { s3Uri, packing }: ModelData,
): Promise<void> {
  if (packing === "none") return;
  const session = cloud.session(roleArn);
  try {
    await requireObject(session, s3Uri);
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    throw validationException(
      `Could not access model data at ${s3Uri}. Please ensure that the role "${roleArn}" exists and that its trust relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the object is located in ${settings.region}. ${error.message}`,
    );
  } finally {
    session.close();
  }
}

const describe = operation<DescribeModelInput>({
  ...byName,
  run: ({ ModelName }, platform) => ({
    EnableNetworkIsolation: false,
    ...platform.models.sagemaker.pick("DescribeModelOutput", find(platform, ModelName)),
  }),
});

const list = operation<ListInput>({
  resource: anyResource,
  run(input, { stores, models }) {
    const keysOf = (model: ModelRecord) => ({ name: model.ModelName, creationTime: model.CreationTime });
    const { page, NextToken } = listPage(stores.models.values(), input, keysOf, "Descending");
    return { Models: page.map((model) => models.sagemaker.pick("ModelSummary", model)), NextToken };
  },
});

const remove = operation<DeleteModelInput>({
  ...byName,
  run({ ModelName: name = "" }, platform) {
    find(platform, name);
    platform.stores.models.delete(name);
    return {};
  },
});

export const modelOperations = {
  CreateModel: create,
  DescribeModel: describe,
  ListModels: list,
  DeleteModel: remove,
};
