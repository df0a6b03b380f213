import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { projectName, readStackConfig } from "../stack-config";
import { checkBackend } from "./backend";
import { type Finding } from "./finding";
import { checkOidcProvider } from "./oidc";
import { checkPermissions } from "./permissions";
import { checkQuotas } from "./quotas";
import { checkRegion } from "./region";

/** Who asks, and about which stack. */
export interface Place {
  project: string;
  stack: string;
  region: string;
  account: string;
  /** ARN of the caller: a user, or a role's session. */
  caller: string;
  config: Record<string, unknown>;
}

/** What a stack in AWS needs of the account, of its region and of whoever deploys it, each with its fix. Changes nothing. */
export async function checkStack(stack: string): Promise<Finding[]> {
  const config = readStackConfig(stack);
  const region = config["aws:region"];
  const regionFix = `Name it: 'pulumi config set aws:region us-east-1 --stack ${stack}'`;
  if (typeof region !== "string") {
    return [{ what: "Region", ok: false, found: "none configured", needed: true, fix: regionFix }];
  }
  const fix =
    "Sign in ('aws configure sso', then set AWS_PROFILE), or see https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-authentication.html";
  const what = "AWS account";
  try {
    const client = new STSClient({ region });
    const { Account: account = "", Arn: caller = "" } = await client.send(new GetCallerIdentityCommand({}));
    const place: Place = { project: projectName(), stack, region, account, caller, config };
    const found = `${account}, as ${caller.split(":").at(-1)}`;
    return [
      { what, ok: true, found, needed: true, fix },
      ...(
        await Promise.all([
          checkRegion(place),
          checkPermissions(place),
          checkQuotas(place),
          checkOidcProvider(place),
        ])
      ).flat(),
      checkBackend(stack),
    ];
  } catch (error) {
    const { name, message } = error as Error;
    return [{ what, ok: false, found: `none (${name}: ${message.split("\n")[0]})`, needed: true, fix }];
  }
}
