import { APIGatewayClient, GetAccountCommand, UpdateAccountCommand } from "@aws-sdk/client-api-gateway";
import { type apigateway } from "@pulumi/aws";
import { type Call, type Inputs, resource } from "../shared/resource";
import { replace } from "./patch";

async function putAccount(
  { cloudwatchRoleArn = "" }: Inputs<apigateway.AccountArgs>,
  call: Call,
): Promise<void> {
  const patchOperations = [replace("/cloudwatchRoleArn", cloudwatchRoleArn)];
  await call.client(APIGatewayClient).send(new UpdateAccountCommand({ patchOperations }));
}

/** The role by which the REST APIs of an account and region write logs. It is always there: deleting it takes the role away. */
export const account = resource<apigateway.AccountArgs>({
  inputs: { cloudwatchRoleArn: { computed: true } },
  outputs: ["apiKeyVersion", "features", "throttleSettings"],
  async create(inputs, call) {
    await putAccount(inputs, call);
    return "api-gateway-account";
  },
  async read(_, call) {
    const found = await call.client(APIGatewayClient).send(new GetAccountCommand({}));
    const { cloudwatchRoleArn, apiKeyVersion, features, throttleSettings } = found;
    return { cloudwatchRoleArn: cloudwatchRoleArn || undefined, apiKeyVersion, features, throttleSettings };
  },
  update: putAccount,
  delete: (_, call) => putAccount({}, call),
});
