import { type AnyResourceType } from "../shared/resource";
import { account } from "./apigateway-account";
import {
  integration,
  method,
  requestModel,
  requestValidator,
  resourceType,
  response,
} from "./apigateway-api";
import { deployment, methodSettings, stage } from "./apigateway-stage";
import { apiKey, usagePlan, usagePlanKey } from "./apigateway-usage";
import { restApi } from "./apigateway-restapi";

export const types: Record<string, AnyResourceType> = {
  "aws:apigateway/account:Account": account,
  "aws:apigateway/restApi:RestApi": restApi,
  "aws:apigateway/resource:Resource": resourceType,
  "aws:apigateway/method:Method": method,
  "aws:apigateway/integration:Integration": integration,
  "aws:apigateway/model:Model": requestModel,
  "aws:apigateway/requestValidator:RequestValidator": requestValidator,
  "aws:apigateway/response:Response": response,
  "aws:apigateway/deployment:Deployment": deployment,
  "aws:apigateway/stage:Stage": stage,
  "aws:apigateway/methodSettings:MethodSettings": methodSettings,
  "aws:apigateway/apiKey:ApiKey": apiKey,
  "aws:apigateway/usagePlan:UsagePlan": usagePlan,
  "aws:apigateway/usagePlanKey:UsagePlanKey": usagePlanKey,
};
