import {
  APIGatewayClient,
  type ConnectionType,
  type ContentHandlingStrategy,
  CreateModelCommand,
  CreateRequestValidatorCommand,
  CreateResourceCommand,
  DeleteGatewayResponseCommand,
  DeleteIntegrationCommand,
  DeleteMethodCommand,
  DeleteModelCommand,
  DeleteRequestValidatorCommand,
  DeleteResourceCommand,
  type GatewayResponseType,
  GetGatewayResponseCommand,
  GetIntegrationCommand,
  GetMethodCommand,
  GetModelCommand,
  GetRequestValidatorCommand,
  GetResourceCommand,
  type IntegrationType,
  PutGatewayResponseCommand,
  PutIntegrationCommand,
  PutMethodCommand,
  UpdateIntegrationCommand,
  UpdateMethodCommand,
  UpdateModelCommand,
  UpdateRequestValidatorCommand,
  UpdateResourceCommand,
} from "@aws-sdk/client-api-gateway";
import { type apigateway } from "@pulumi/aws";
import { type Call, idOf, type Inputs, resource } from "../shared/resource";
import { patchMap, replaceChanged } from "./patch";

const parentApi = { required: true, replaces: true } as const;

export const resourceType = resource<apigateway.ResourceArgs>({
  inputs: { restApi: parentApi, parentId: { required: true }, pathPart: { required: true } },
  outputs: ["path"],
  volatile: ["path"],
  fromImportId(id) {
    const [restApi, resourceId] = id.split("/");
    return { restApi, id: resourceId! };
  },
  async create({ restApi, parentId, pathPart }, call) {
    const input = { restApiId: idOf(restApi), parentId, pathPart };
    return (await call.client(APIGatewayClient).send(new CreateResourceCommand(input))).id!;
  },
  async read({ id, restApi }, call) {
    const where = { restApiId: idOf(restApi), resourceId: id };
    const found = await call.client(APIGatewayClient).send(new GetResourceCommand(where));
    return { restApi, parentId: found.parentId, pathPart: found.pathPart, path: found.path };
  },
  async update(now, call) {
    const patchOperations = replaceChanged(now, { pathPart: "/pathPart", parentId: "/parentId" }, call);
    const input = { restApiId: idOf(now.restApi), resourceId: now.id, patchOperations };
    await call.client(APIGatewayClient).send(new UpdateResourceCommand(input));
  },
  async delete({ id, restApi }, call) {
    await call
      .client(APIGatewayClient)
      .send(new DeleteResourceCommand({ restApiId: idOf(restApi), resourceId: id }));
  },
});

/** Where a method or its integration is. */
const methodAt = ({
  restApi,
  resourceId,
  httpMethod,
}: {
  restApi: unknown;
  resourceId: string;
  httpMethod: string;
}) => ({
  restApiId: idOf(restApi),
  resourceId,
  httpMethod,
});

const methodRules = {
  restApi: parentApi,
  resourceId: { required: true, replaces: true },
  httpMethod: { required: true, replaces: true },
} as const;

function methodImport(kind: "agm" | "agi") {
  return (id: string) => {
    const [restApi, resourceId, httpMethod] = id.split("/");
    return { restApi, resourceId, httpMethod, id: `${kind}-${restApi}-${resourceId}-${httpMethod}` };
  };
}

export const method = resource<apigateway.MethodArgs>({
  inputs: {
    ...methodRules,
    authorization: { required: true },
    authorizerId: {},
    authorizationScopes: { set: true },
    apiKeyRequired: { default: false },
    operationName: {},
    requestModels: {},
    requestParameters: {},
    requestValidatorId: {},
  },
  fromImportId: methodImport("agm"),
  async create(inputs, call) {
    await call.client(APIGatewayClient).send(
      new PutMethodCommand({
        ...methodAt(inputs),
        ...{ authorizationType: inputs.authorization, authorizerId: inputs.authorizerId },
        ...{ authorizationScopes: inputs.authorizationScopes, apiKeyRequired: inputs.apiKeyRequired },
        ...{ operationName: inputs.operationName, requestValidatorId: inputs.requestValidatorId },
        ...{ requestModels: inputs.requestModels, requestParameters: inputs.requestParameters },
      }),
    );
    return `agm-${idOf(inputs.restApi)}-${inputs.resourceId}-${inputs.httpMethod}`;
  },
  async read(state, call) {
    const found = await call.client(APIGatewayClient).send(new GetMethodCommand(methodAt(state)));
    const { restApi, resourceId, httpMethod } = state;
    return {
      ...{
        restApi,
        resourceId,
        httpMethod,
        authorization: found.authorizationType,
        authorizerId: found.authorizerId,
      },
      ...{ authorizationScopes: found.authorizationScopes, apiKeyRequired: found.apiKeyRequired ?? false },
      ...{ operationName: found.operationName, requestValidatorId: found.requestValidatorId },
      ...{ requestModels: found.requestModels, requestParameters: found.requestParameters },
    };
  },
  async update(now, call, was) {
    const simple = {
      ...{
        authorization: "/authorizationType",
        authorizerId: "/authorizerId",
        apiKeyRequired: "/apiKeyRequired",
      },
      ...{ operationName: "/operationName", requestValidatorId: "/requestValidatorId" },
    };
    const patchOperations = [
      ...replaceChanged(now, simple, call),
      ...patchMap("/requestModels", was.requestModels, now.requestModels),
      ...patchMap("/requestParameters", was.requestParameters, now.requestParameters),
    ];
    await call.client(APIGatewayClient).send(new UpdateMethodCommand({ ...methodAt(now), patchOperations }));
  },
  async delete(state, call) {
    await call.client(APIGatewayClient).send(new DeleteMethodCommand(methodAt(state)));
  },
});

async function putIntegration(inputs: Inputs<apigateway.IntegrationArgs>, call: Call): Promise<void> {
  await call.client(APIGatewayClient).send(
    new PutIntegrationCommand({
      ...methodAt(inputs),
      ...{
        type: inputs.type as IntegrationType,
        integrationHttpMethod: inputs.integrationHttpMethod,
        uri: inputs.uri,
      },
      ...{ connectionType: inputs.connectionType as ConnectionType, connectionId: inputs.connectionId },
      ...{ credentials: inputs.credentials, passthroughBehavior: inputs.passthroughBehavior },
      ...{ requestParameters: inputs.requestParameters, requestTemplates: inputs.requestTemplates },
      ...{
        contentHandling: inputs.contentHandling as ContentHandlingStrategy,
        timeoutInMillis: inputs.timeoutMilliseconds,
      },
      ...{ cacheKeyParameters: inputs.cacheKeyParameters, cacheNamespace: inputs.cacheNamespace },
    }),
  );
}

export const integration = resource<apigateway.IntegrationArgs>({
  inputs: {
    ...methodRules,
    type: { required: true, replaces: true },
    integrationHttpMethod: { replaces: true },
    uri: {},
    connectionType: { default: "INTERNET" },
    connectionId: {},
    credentials: { replaces: true },
    passthroughBehavior: { computed: true, replaces: true },
    requestParameters: {},
    requestTemplates: {},
    contentHandling: {},
    timeoutMilliseconds: { default: 29000 },
    cacheKeyParameters: { set: true },
    cacheNamespace: { computed: true },
  },
  fromImportId: methodImport("agi"),
  async create(inputs, call) {
    await putIntegration(inputs, call);
    return `agi-${idOf(inputs.restApi)}-${inputs.resourceId}-${inputs.httpMethod}`;
  },
  async read(state, call) {
    const found = await call.client(APIGatewayClient).send(new GetIntegrationCommand(methodAt(state)));
    const { restApi, resourceId, httpMethod } = state;
    return {
      ...{
        restApi,
        resourceId,
        httpMethod,
        type: found.type,
        uri: found.uri,
        integrationHttpMethod: found.httpMethod,
      },
      ...{ connectionType: found.connectionType ?? "INTERNET", connectionId: found.connectionId },
      ...{ credentials: found.credentials, passthroughBehavior: found.passthroughBehavior },
      ...{ requestParameters: found.requestParameters, requestTemplates: found.requestTemplates },
      ...{ contentHandling: found.contentHandling, timeoutMilliseconds: found.timeoutInMillis ?? 29000 },
      ...{ cacheKeyParameters: found.cacheKeyParameters, cacheNamespace: found.cacheNamespace },
    };
  },
  async update(now, call, was) {
    const simple = {
      ...{ uri: "/uri", connectionType: "/connectionType", connectionId: "/connectionId" },
      ...{
        contentHandling: "/contentHandling",
        timeoutMilliseconds: "/timeoutInMillis",
        cacheNamespace: "/cacheNamespace",
      },
    };
    const patchOperations = [
      ...replaceChanged(now, simple, call),
      ...patchMap("/requestTemplates", was.requestTemplates, now.requestTemplates),
      ...patchMap("/requestParameters", was.requestParameters, now.requestParameters),
    ];
    await call
      .client(APIGatewayClient)
      .send(new UpdateIntegrationCommand({ ...methodAt(now), patchOperations }));
  },
  async delete(state, call) {
    await call.client(APIGatewayClient).send(new DeleteIntegrationCommand(methodAt(state)));
  },
});

export const requestModel = resource<apigateway.ModelArgs>({
  inputs: {
    restApi: parentApi,
    // API Gateway takes letters and digits only here, so that an automatic name would be refused.
    name: { required: true, replaces: true },
    contentType: { required: true, replaces: true },
    description: {},
    schema: { json: true },
  },
  fromImportId: (id) => ({ restApi: id.split("/")[0], name: id.split("/")[1] }),
  async create({ restApi, name, contentType, description, schema }, call) {
    const input = { restApiId: idOf(restApi), name, contentType, description, schema: schema ?? "{}" };
    return (await call.client(APIGatewayClient).send(new CreateModelCommand(input))).id!;
  },
  async read({ restApi, name }, call) {
    const found = await call
      .client(APIGatewayClient)
      .send(new GetModelCommand({ restApiId: idOf(restApi), modelName: name }));
    const { contentType, description, schema } = found;
    return { restApi, name: found.name, contentType, description: description || undefined, schema };
  },
  async update(now, call) {
    const patchOperations = replaceChanged(now, { description: "/description", schema: "/schema" }, call);
    const input = { restApiId: idOf(now.restApi), modelName: now.name, patchOperations };
    await call.client(APIGatewayClient).send(new UpdateModelCommand(input));
  },
  async delete({ restApi, name }, call) {
    await call
      .client(APIGatewayClient)
      .send(new DeleteModelCommand({ restApiId: idOf(restApi), modelName: name }));
  },
});

export const requestValidator = resource<apigateway.RequestValidatorArgs>({
  inputs: {
    restApi: parentApi,
    name: { autoName: { maxLength: 255 } },
    validateRequestBody: { default: false },
    validateRequestParameters: { default: false },
  },
  fromImportId(id) {
    const [restApi, validatorId] = id.split("/");
    return { restApi, id: validatorId! };
  },
  async create({ restApi, ...rest }, call) {
    const { name, validateRequestBody, validateRequestParameters } = rest;
    const input = { restApiId: idOf(restApi), name, validateRequestBody, validateRequestParameters };
    return (await call.client(APIGatewayClient).send(new CreateRequestValidatorCommand(input))).id!;
  },
  async read({ id, restApi }, call) {
    const where = { restApiId: idOf(restApi), requestValidatorId: id };
    const found = await call.client(APIGatewayClient).send(new GetRequestValidatorCommand(where));
    const { name, validateRequestBody = false, validateRequestParameters = false } = found;
    return { restApi, name, validateRequestBody, validateRequestParameters };
  },
  async update(now, call) {
    const paths = {
      name: "/name",
      validateRequestBody: "/validateRequestBody",
      validateRequestParameters: "/validateRequestParameters",
    };
    const patchOperations = replaceChanged(now, paths, call);
    const input = { restApiId: idOf(now.restApi), requestValidatorId: now.id, patchOperations };
    await call.client(APIGatewayClient).send(new UpdateRequestValidatorCommand(input));
  },
  async delete({ id, restApi }, call) {
    const where = { restApiId: idOf(restApi), requestValidatorId: id };
    await call.client(APIGatewayClient).send(new DeleteRequestValidatorCommand(where));
  },
});

async function putResponse(inputs: Inputs<apigateway.ResponseArgs>, call: Call): Promise<string> {
  const { restApiId, statusCode, responseParameters, responseTemplates } = inputs;
  const responseType = inputs.responseType as GatewayResponseType;
  const input = { restApiId, responseType, statusCode, responseParameters, responseTemplates };
  await call.client(APIGatewayClient).send(new PutGatewayResponseCommand(input));
  return `aggr-${restApiId}-${responseType}`;
}

const responseAt = (state: Inputs<apigateway.ResponseArgs>) => ({
  restApiId: state.restApiId,
  responseType: state.responseType as GatewayResponseType,
});

export const response = resource<apigateway.ResponseArgs>({
  inputs: {
    restApiId: parentApi,
    responseType: { required: true, replaces: true },
    statusCode: { computed: true },
    responseParameters: {},
    responseTemplates: {},
  },
  fromImportId(id) {
    const [restApiId, responseType] = id.split("/");
    return { restApiId, responseType, id: `aggr-${restApiId}-${responseType}` };
  },
  create: putResponse,
  async read(state, call) {
    const found = await call.client(APIGatewayClient).send(new GetGatewayResponseCommand(responseAt(state)));
    // A response that nobody changed is still answered, as the default one: then ours is gone.
    if (found.defaultResponse) return undefined;
    const { statusCode, responseParameters, responseTemplates } = found;
    return { ...responseAt(state), statusCode, responseParameters, responseTemplates };
  },
  async update(now, call) {
    await putResponse(now, call);
  },
  async delete(state, call) {
    await call.client(APIGatewayClient).send(new DeleteGatewayResponseCommand(responseAt(state)));
  },
});
