import {
  APIGatewayClient,
  type ApiKeySourceType,
  CreateRestApiCommand,
  DeleteRestApiCommand,
  type EndpointType,
  GetResourcesCommand,
  GetRestApiCommand,
  type PatchOperation,
  UpdateRestApiCommand,
} from "@aws-sdk/client-api-gateway";
import { type apigateway } from "@pulumi/aws";
import { type Call, resource } from "../shared/resource";
import { escapePath, putTags, readTags, replaceChanged } from "./patch";

const updatable = {
  name: "/name",
  description: "/description",
  apiKeySource: "/apiKeySource",
  policy: "/policy",
  disableExecuteApiEndpoint: "/disableExecuteApiEndpoint",
};

function patchMediaTypes(was: string[] = [], now: string[] = []): PatchOperation[] {
  const at = (op: "add" | "remove") => (type: string) => ({
    op,
    path: `/binaryMediaTypes/${escapePath(type)}`,
  });
  return [
    ...was.filter((type) => !now.includes(type)).map(at("remove")),
    ...now.filter((type) => !was.includes(type)).map(at("add")),
  ];
}

const arnOf = (id: string, call: Call) => `arn:aws:apigateway:${call.region}::/restapis/${id}`;

export const restApi = resource<apigateway.RestApiArgs>({
  inputs: {
    name: { autoName: { maxLength: 255 } },
    description: {},
    apiKeySource: { computed: true },
    binaryMediaTypes: {},
    disableExecuteApiEndpoint: { computed: true },
    endpointConfiguration: { computed: true },
    minimumCompressionSize: { computed: true },
    policy: { json: "policy", computed: true },
    tags: {},
  },
  outputs: ["rootResourceId", "executionArn", "createdDate"],
  async create(inputs, call) {
    const { endpointConfiguration: where, minimumCompressionSize } = inputs;
    const { id } = await call.client(APIGatewayClient).send(
      new CreateRestApiCommand({
        ...{ name: inputs.name, description: inputs.description, binaryMediaTypes: inputs.binaryMediaTypes },
        ...{
          apiKeySource: inputs.apiKeySource as ApiKeySourceType,
          policy: inputs.policy,
          tags: inputs.tagsAll,
        },
        disableExecuteApiEndpoint: inputs.disableExecuteApiEndpoint,
        endpointConfiguration: where && {
          types: [where.types as EndpointType],
          vpcEndpointIds: where.vpcEndpointIds,
        },
        minimumCompressionSize: minimumCompressionSize ? Number(minimumCompressionSize) : undefined,
      }),
    );
    return id!;
  },
  async read({ id }, call) {
    const client = call.client(APIGatewayClient);
    const found = await client.send(new GetRestApiCommand({ restApiId: id }));
    const { items = [] } = await client.send(new GetResourcesCommand({ restApiId: id, limit: 500 }));
    const account = await call.accountId();
    const where = found.endpointConfiguration;
    return {
      ...{ name: found.name, description: found.description, binaryMediaTypes: found.binaryMediaTypes },
      ...{ apiKeySource: found.apiKeySource ?? "HEADER", policy: found.policy?.replaceAll('\\"', '"') },
      disableExecuteApiEndpoint: found.disableExecuteApiEndpoint ?? false,
      endpointConfiguration: where && { types: where.types?.[0], vpcEndpointIds: where.vpcEndpointIds },
      minimumCompressionSize: found.minimumCompressionSize?.toString(),
      ...{
        arn: `arn:aws:apigateway:${call.region}::/restapis/${id}`,
        createdDate: found.createdDate?.toISOString(),
      },
      executionArn: `arn:aws:execute-api:${call.region}:${account}:${id}`,
      rootResourceId: items.find(({ path }) => path === "/")?.id,
      tagsAll: await readTags(arnOf(id, call), call),
    };
  },
  async update(now, call, was) {
    const patchOperations = replaceChanged(now, updatable, call);
    if (call.changed("minimumCompressionSize") && now.minimumCompressionSize) {
      patchOperations.push({
        op: "replace",
        path: "/minimumCompressionSize",
        value: now.minimumCompressionSize,
      });
    }
    if (call.changed("binaryMediaTypes"))
      patchOperations.push(...patchMediaTypes(was.binaryMediaTypes, now.binaryMediaTypes));
    if (call.changed("endpointConfiguration") && now.endpointConfiguration) {
      const value = now.endpointConfiguration.types;
      patchOperations.push({ op: "replace", path: "/endpointConfiguration/types/0", value });
    }
    if (patchOperations.length > 0) {
      await call
        .client(APIGatewayClient)
        .send(new UpdateRestApiCommand({ restApiId: now.id, patchOperations }));
    }
    await putTags(now, was, call);
  },
  async delete({ id }, call) {
    await call.client(APIGatewayClient).send(new DeleteRestApiCommand({ restApiId: id }));
  },
});
