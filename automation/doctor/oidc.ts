import { IAMClient, ListOpenIDConnectProvidersCommand } from "@aws-sdk/client-iam";
import { type Finding, unknown } from "./finding";
import { type Place } from "./stack";

const issuer = "token.actions.githubusercontent.com";

/** The identity provider by which workflows of GitHub get credentials without a stored key. */
export async function checkOidcProvider({ region }: Place): Promise<Finding> {
  const what = "GitHub OIDC";
  const fix =
    "Only needed for deployments by GitHub Actions: 'terraform apply' in terraform-bootstrap/ makes it (docs/deploy.md)";
  try {
    const answer = await new IAMClient({ region }).send(new ListOpenIDConnectProvidersCommand({}));
    const found = answer.OpenIDConnectProviderList?.find(({ Arn }) => Arn?.endsWith(`/${issuer}`))?.Arn;
    return { what, ok: found !== undefined, found: found ?? "no provider", needed: false, fix };
  } catch (error) {
    return unknown(what, error as Error, fix);
  }
}
