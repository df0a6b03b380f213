import { Command, Option } from "commander";
import { type ImageOptions } from "../commands/check-image";
import { type SageMakerOptions } from "../commands/sagemaker";
import { stackName } from "../stack-name";
import { type JsonOption, command, outputFor, port, wholeNumber } from "./options";

const bootstrapHelp = `
Run 'terraform apply' in terraform-bootstrap/ before (docs/deploy.md). It sets the repository's variables for the workflows,
lets the branch main alone use the environment main, and writes the secrets provider and the permissions boundary into
Pulumi.dev.yaml and Pulumi.main.yaml. The token is that of GH_TOKEN, or of 'gh auth login'. Done again, it changes nothing.`;

const sagemakerHelp = `
It prints the environment that other programs need; S3, IAM, ECR and CloudWatch Logs are there as well. What it holds is kept
in .slipway/sagemaker (another folder: SLIPWAY_LOCAL_HOME). See docs/local-sagemaker.md.

Example:
  $ npx slipway sagemaker --port 4577          in one terminal; in another:
  $ AWS_ENDPOINT_URL_SAGEMAKER=http://127.0.0.1:4577 aws sagemaker list-endpoints`;

/** What a stack stands on: this machine, the accounts, images. */
export function addMachineCommands(program: Command): void {
  program.commandsGroup("Set-up and this laptop:");
  command(program, "doctor", "what is missing on this machine, and for a stack in AWS, with the fix for each")
    .argument("[stack]", "dev, main or pr-<number>: its account, permissions, quotas, region", stackName)
    .addHelpText("after", "\nExample:\n  $ npx slipway doctor dev")
    .action(async (stack: string | undefined, options: JsonOption) =>
      (await import("../commands/doctor.ts")).doctor(stack, outputFor(options)),
    );

  command(
    program,
    "bootstrap",
    "tell the GitHub repository and the stacks of the account that terraform-bootstrap/ has prepared",
  )
    .option("--print", "say what would be set, as commands of GitHub's CLI, and set nothing")
    .addHelpText("after", bootstrapHelp)
    .action(async (options: JsonOption & { print?: boolean }) =>
      (await import("../commands/bootstrap.ts")).bootstrap(options.print ?? false, outputFor(options)),
    );

  command(
    program,
    "check-image",
    "whether a container image keeps SageMaker's rules: what does not hold, why, the fix",
  )
    .argument("<image or folder>", "name of a Docker image, or a folder: with a Dockerfile, or a problem's")
    .option("--train-data <folder>", "data for train: a folder with one folder a channel")
    .option("--hyperparameters <file>", "JSON object of hyperparameters for train")
    .option("--model <folder>", "model for serve: what model.tar.gz holds (without it: what train makes)")
    .option("--request <file>", "body of a request for serve")
    .option("--content-type <type>", "its content type (without it: by the file's name)")
    .option("--junit <file>", "write the report as JUnit XML, too")
    .addHelpText("after", "\nExample:\n  $ npx slipway check-image model-image --junit check-image.xml")
    .action(async (image: string, options: JsonOption & ImageOptions) =>
      (await import("../commands/check-image.ts")).checkImage(image, options, outputFor(options)),
    );

  addLocalCommands(new Command("local").copyInheritedSettings(program), program);

  command(
    program,
    "sagemaker",
    "SageMaker alone on this laptop, for boto3, the SDKs, Terraform: until Ctrl-C",
  )
    .option("--port <number>", "of SageMaker, on 127.0.0.1; without it, that of the last time", port)
    .addOption(
      new Option("--executor <kind>", "how containers run").choices(["docker", "process"]).default("docker"),
    )
    .addHelpText("after", sagemakerHelp)
    .action(async (options: JsonOption & SageMakerOptions) =>
      (await import("../commands/sagemaker.ts")).sagemaker(options, outputFor(options)),
    );
}

function addLocalCommands(local: Command, program: Command): void {
  const actions = {
    start: "start the servers, or find them running",
    stop: "stop them; everything they hold is kept",
    status: "what runs, where, since when",
    reset: "stop them and forget everything they hold",
    env: `environment for other clients: eval "$(npx slipway local env)", then pulumi, aws, boto3, terraform`,
  } as const;
  for (const [name, description] of Object.entries(actions)) {
    command(local, name, description).action(async (options: JsonOption) =>
      (await import("../commands/local.ts"))[name as keyof typeof actions](outputFor(options)),
    );
  }
  local
    .command("logs")
    .description("the end of a server's log")
    .argument("[server]", "inbox, cloud, sagemaker, redshift or supervisor", "sagemaker")
    .option("--follow", "go on with what comes, until Ctrl-C")
    .option("--lines <count>", "lines to show", wholeNumber, 100)
    .action(async (server: string, { lines, follow }: { lines: number; follow?: boolean }) =>
      (await import("../commands/local.ts")).logs(server, lines, follow ?? false),
    );
  program.addCommand(local.description("the laptop's servers: AWS (MiniStack), SageMaker and the inbox"));
}
