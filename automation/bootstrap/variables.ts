import { type Bootstrapped } from "./terraform";

/** The variables of the repository by which its workflows know the account. None is a secret. */
export const repositoryVariables = (made: Bootstrapped): Record<string, string> => ({
  AWS_REGION: made.region,
  SLIPWAY_PREVIEW_ROLE_ARN: made.role_arns.preview,
  SLIPWAY_DEPLOY_DEV_ROLE_ARN: made.role_arns["deploy-dev"],
  SLIPWAY_DEPLOY_MAIN_ROLE_ARN: made.role_arns["deploy-main"],
  SLIPWAY_DEPLOY_PR_ROLE_ARN: made.role_arns["deploy-pr"],
  SLIPWAY_STATE_BACKEND: made.state_url,
  SLIPWAY_SECRETS_PROVIDER: made.secrets_provider,
});

/** What sets them by hand, with GitHub's own CLI. */
export const asCommands = (repository: string, variables: Record<string, string>): string[] =>
  Object.entries(variables).map(
    ([name, value]) => `gh variable set ${name} --repo '${repository}' --body '${value}'`,
  );
