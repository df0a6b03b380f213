import { writeStackFile } from "../bootstrap/stack-file";
import { type Bootstrapped, readBootstrapped } from "../bootstrap/terraform";
import { asCommands, repositoryVariables } from "../bootstrap/variables";
import { openRepository, type Repository } from "../github/repository";
import { makeEnvironment, type Outcome, restrictEnvironment, setVariable } from "../github/settings";
import { type Output } from "../output";

const stacks = ["dev", "main"];

/** `slipway bootstrap` */
export async function bootstrap(print: boolean, output: Output): Promise<void> {
  const made = await output.step("Reading what terraform-bootstrap/ has made", readBootstrapped);
  const variables = repositoryVariables(made);
  const name = made.github_repository;
  if (print) {
    output.answer(
      { repository: name, variables, commands: asCommands(name, variables) },
      printed(made, variables),
    );
    return;
  }
  const repository = await openRepository(name); // before anything is written
  const files = Object.fromEntries(
    stacks.map((stack) => [`Pulumi.${stack}.yaml`, writeStackFile(stack, made)]),
  );
  const github = await output.step(`Setting the variables of ${name}`, () =>
    write(repository, made, variables),
  );
  output.answer({ repository: name, variables, files, github }, describe(name, { ...files, ...github }));
}

async function write(
  repository: Repository,
  { environments }: Bootstrapped,
  variables: Record<string, string>,
): Promise<Record<string, Outcome>> {
  const outcomes: Record<string, Outcome> = {};
  for (const [name, value] of Object.entries(variables)) {
    outcomes[name] = await setVariable(repository, name, value);
  }
  outcomes[`environment ${environments.main}`] = await restrictEnvironment(
    repository,
    environments.main,
    "main",
  );
  outcomes[`environment ${environments.pr}`] = await makeEnvironment(repository, environments.pr);
  return outcomes;
}

const describe = (repository: string, outcomes: Record<string, Outcome>) =>
  [
    ...Object.entries(outcomes).map(([name, outcome]) => `${outcome.padEnd(9)} ${name}`),
    "",
    `The workflows of ${repository} know the account now. Commit the two files, then bring up dev: docs/deploy.md.`,
  ].join("\n");

const printed = (made: Bootstrapped, variables: Record<string, string>) =>
  [
    ...asCommands(made.github_repository, variables),
    "",
    `# In GitHub, Settings, Environments: '${made.environments.main}', deployment branches: main alone; and '${made.environments.pr}', without a limit.`,
    "# In Pulumi.dev.yaml and Pulumi.main.yaml:",
    `#   secretsprovider: ${made.secrets_provider}`,
    "#   config:",
    `#     aws:region: ${made.region}`,
    `#     slipway:permissionsBoundary: ${made.workload_boundary_arn}`,
  ].join("\n");
