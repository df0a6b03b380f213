import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { version } from "../package.json";
import { type ImageOptions } from "./commands/check-image";
import { type FeedCommandOptions } from "./commands/feed";
import { type EphemeralOptions } from "./commands/ephemeral";
import { type SageMakerOptions } from "./commands/sagemaker";
import { timeToLive } from "./ephemeral/time-to-live";
import { explainError } from "./errors";
import { interruptSignal, listenForInterrupts } from "./interrupt";
import { createOutput, type Output } from "./output";
import { stackName } from "./stack-name";

const help = `
A stack is 'local' (this laptop, no AWS account), 'dev', 'main' or 'pr-<number>'.

Examples:
  $ npx slipway demo               the whole pipeline on this laptop, with real data
  $ npx slipway up dev             bring up the infrastructure of the stack dev (like 'pulumi up')
  $ npx slipway release dev        data snapshot, process, train, gate, deploy, test, announce
  $ npx slipway status dev --json  what is served, made from what, for machines to read

'npx slipway <command> --help' says more about a command.`;

const releaseHelp = `
Exit codes:
  0  it is served
  1  something failed; what is served stays as it was
  3  it is rejected, by the gate or by a person; what is served stays as it was
  4  the gate has accepted it, and it waits for 'npx slipway approve <stack>'`;

const bootstrapHelp = `
Run 'terraform apply' in terraform-bootstrap/ before (docs/deploy.md). It sets the repository's variables for the workflows,
lets the branch main alone use the environment main, and writes the secrets provider and the permissions boundary into
Pulumi.dev.yaml and Pulumi.main.yaml. The token is that of GH_TOKEN, or of 'gh auth login'. Done again, it changes nothing.`;

const reportHelp = `
Exit codes:
  0  the report is whole
  1  a part could not be found out, such as a preview that fails; the report says why`;

const driftHelp = `
Exit codes:
  0  all the same
  1  it could not be found out
  2  something differs`;

const sagemakerHelp = `
It prints the environment that other programs need; S3, IAM, ECR and CloudWatch Logs are there as well. What it holds is kept
in .slipway/sagemaker (another folder: SLIPWAY_LOCAL_HOME). See docs/local-sagemaker.md.

Example:
  $ npx slipway sagemaker --port 4577          in one terminal; in another:
  $ AWS_ENDPOINT_URL_SAGEMAKER=http://127.0.0.1:4577 aws sagemaker list-endpoints`;

/**
 * The command line: every command with its arguments and options. What a command does is in `commands/`, and is
 * loaded when it is called, so that the small ones are quick.
 */
export function commandLine(): Command {
  const program = new Command("slipway")
    .description("From raw data to a public prediction URL on AWS, and the same on a laptop.")
    .version(version)
    .addHelpText("after", help)
    .showHelpAfterError("Run it with --help to see how it is used.")
    .exitOverride();

  command(program, "demo", "the whole pipeline on this laptop: data, training, prediction URL, email")
    .option("--data <file>", "CSV file that is landed as raw data; without it, the sample in data/")
    .action(async (options: JsonOption & { data?: string }) =>
      (await import("./commands/demo.ts")).demo(options.data, outputFor(options)),
    );

  stackCommand(program, "up", "bring up the infrastructure of a stack; what it serves stays as it is").action(
    async (stack: string, options: JsonOption) =>
      (await import("./commands/up.ts")).up(stack, outputFor(options)),
  );

  stackCommand(
    program,
    "release",
    "release the working tree and the data in the bucket: snapshot, process, train, evaluate, gate, deploy, test, announce",
  )
    .option(
      "--from <stack>",
      "take over what this stack serves when it is made of the working tree; else what was made of it before; else make it",
      stackName,
    )
    .addHelpText("after", releaseHelp)
    .action(async (stack: string, { from, ...options }: JsonOption & { from?: string }) =>
      from === undefined
        ? (await import("./commands/release.ts")).release(stack, outputFor(options))
        : (await import("./commands/promote.ts")).releaseFrom(from, stack, outputFor(options)),
    );

  stackCommand(
    program,
    "promote",
    "let another stack release what this one serves: the same image and model, copied, not made again",
  )
    .argument("<to>", "the stack that is to serve it, with its own gate, approval and guardrails", stackName)
    .addHelpText("after", `${releaseHelp}\n\nExample:\n  $ npx slipway promote dev main`)
    .action(async (from: string, to: string, options: JsonOption) =>
      (await import("./commands/promote.ts")).promote(from, to, outputFor(options)),
    );

  stackCommand(program, "approve", "serve a release that the gate has accepted and that waits for a person")
    .argument("[release]", "its id; without one, the one that waits")
    .action(async (stack: string, release: string | undefined, options: JsonOption) =>
      (await import("./commands/approve.ts")).approve(stack, release, outputFor(options)),
    );

  stackCommand(program, "reject", "reject a release that waits for a person, for good")
    .argument("[release]", "its id; without one, the one that waits")
    .requiredOption("--reason <text>", "why; the subscribers are told")
    .action(async (stack: string, release: string | undefined, options: JsonOption & { reason: string }) =>
      (await import("./commands/approve.ts")).reject(stack, release, options.reason, outputFor(options)),
    );

  stackCommand(
    program,
    "ingest",
    "let a stack's sources land what is new, and say how many rows fit schema.json",
  )
    .argument("[source]", "one source of slipway:sources; without one, all of them")
    .option("--no-wait", "do not wait for exports and queries that go on elsewhere; a later run lands them")
    .action(async (stack: string, source: string | undefined, options: JsonOption & { wait: boolean }) =>
      (await import("./commands/ingest.ts")).ingest(stack, source, options.wait, outputFor(options)),
    );

  stackCommand(
    program,
    "diff",
    "what a release would change: infrastructure, data, code, hyperparameters; whether it would train",
  ).action(async (stack: string, options: JsonOption) =>
    (await import("./commands/diff.ts")).diff(stack, outputFor(options)),
  );

  stackCommand(
    program,
    "report",
    "what a pull request would do to a stack, in Markdown: infrastructure, data, model; it changes nothing",
  )
    .option("--comment <number>", "keep it as one comment on this pull request (GITHUB_TOKEN)", wholeNumber)
    .addHelpText("after", reportHelp)
    .action(async (stack: string, options: JsonOption & { comment?: number }) =>
      (await import("./commands/report.ts")).report(stack, options.comment, outputFor(options)),
    );

  stackCommand(
    program,
    "drift",
    "whether a stack is what its program says, and the cloud what the stack says; it changes nothing",
  )
    .option(
      "--issue",
      "keep one issue about it: open while it differs, closed when it does not (GITHUB_TOKEN)",
    )
    .addHelpText("after", driftHelp)
    .action(async (stack: string, options: JsonOption & { issue?: boolean }) =>
      (await import("./commands/drift.ts")).drift(stack, options.issue ?? false, outputFor(options)),
    );

  addEphemeralCommands(new Command("ephemeral").copyInheritedSettings(program), program);

  stackCommand(
    program,
    "releases",
    "the releases of a stack: when, by which commit, how good, served or not",
  ).action(async (stack: string, options: JsonOption) =>
    (await import("./commands/releases.ts")).releases(stack, outputFor(options)),
  );

  stackCommand(program, "rollback", "serve an earlier release again, without training")
    .argument("[release]", "its id; without one, the last good one before the current")
    .option("--reason <text>", "what the subscribers are told", "It was rolled back by hand.")
    .action(async (stack: string, release: string | undefined, options: JsonOption & { reason: string }) =>
      (await import("./commands/rollback.ts")).rollback(stack, release, options.reason, outputFor(options)),
    );

  stackCommand(program, "cost", "what a stack costs a month, by component, and what grows with use")
    .option("--diff", "and by how much 'slipway up' would change it")
    .addHelpText("after", "\nPrices are of a dated table (automation/cost/list-prices.json), not live.")
    .action(async (stack: string, options: JsonOption & { diff?: boolean }) =>
      (await import("./commands/cost.ts")).cost(stack, options.diff ?? false, outputFor(options)),
    );

  stackCommand(
    program,
    "shadow",
    "let a release see a copy of each request to a real-time endpoint; its answers go nowhere",
  )
    .argument("[release]", "its id; without one, the shadow is taken away")
    .action(async (stack: string, release: string | undefined, options: JsonOption) =>
      (await import("./commands/shadow.ts")).shadow(stack, release, outputFor(options)),
    );

  stackCommand(program, "predict", "ask the public prediction URL of a stack")
    .argument("[field=value...]", "fields that differ from the schema's example record")
    .option("--file <file>", "JSON file with one record or a list of records ('-' for standard input)")
    .addHelpText("after", "\nExample:\n  $ npx slipway predict local distance=3.2 pickup_zone='JFK Airport'")
    .action(async (stack: string, fields: string[], options: JsonOption & { file?: string }) =>
      (await import("./commands/predict.ts")).predict(stack, fields, options.file, outputFor(options)),
    );

  stackCommand(
    program,
    "feed",
    "send the records of the sample in data/, as events of now, to a source of a stack",
  )
    .option("--source <name>", "the source; without it, the only one that can be fed")
    .option("--rate <count>", "events a second", wholeNumber, 200)
    .option("--seconds <count>", "how long; without it, until Ctrl-C", wholeNumber)
    .option("--poison <share>", "share of events that are not as schema.json wants them, 0 to 1", share, 0)
    .option("--data <file>", "CSV file with other records")
    .addHelpText("after", "\nExample:\n  $ npx slipway feed local --source trips --rate 200 --poison 0.01")
    .action(async (stack: string, options: JsonOption & FeedCommandOptions) =>
      (await import("./commands/feed.ts")).feed(stack, options, outputFor(options)),
    );

  stackCommand(
    program,
    "endpoint",
    "how data scientists call the SageMaker endpoint of a stack themselves, with boto3 and the AWS CLI",
  ).action(async (stack: string, options: JsonOption) =>
    (await import("./commands/endpoint.ts")).endpoint(stack, outputFor(options)),
  );

  stackCommand(program, "status", "what a stack serves, since when, and what it was made from").action(
    async (stack: string, options: JsonOption) =>
      (await import("./commands/status.ts")).status(stack, outputFor(options)),
  );

  stackCommand(program, "inbox", "the emails that subscribers of a laptop stack got")
    .option("--limit <count>", "newest emails to show", wholeNumber, 5)
    .action(async (stack: string, options: JsonOption & { limit: number }) =>
      (await import("./commands/inbox.ts")).inbox(stack, options.limit, outputFor(options)),
    );

  stackCommand(program, "redrive", "send the events that could not be published to the publisher again")
    .option("--list", "show them and change nothing")
    .action(async (stack: string, options: JsonOption & { list?: boolean }) =>
      (await import("./commands/redrive.ts")).redrive(stack, options.list ?? false, outputFor(options)),
    );

  stackCommand(
    program,
    "destroy",
    "delete all that a stack has made: API, endpoint, data (when configured), logs",
  )
    .option("--yes", "do not ask")
    .action(async (stack: string, options: JsonOption & { yes?: boolean }) =>
      (await import("./commands/destroy.ts")).destroy(stack, options.yes ?? false, outputFor(options)),
    );

  command(
    program,
    "sagemaker",
    "SageMaker alone on this laptop, for boto3, the SDKs, Terraform: until Ctrl-C",
  )
    .option("--port <number>", "of SageMaker, on 127.0.0.1; without it, that of the last time", wholeNumber)
    .addOption(
      new Option("--executor <kind>", "how containers run").choices(["docker", "process"]).default("docker"),
    )
    .addHelpText("after", sagemakerHelp)
    .action(async (options: JsonOption & SageMakerOptions) =>
      (await import("./commands/sagemaker.ts")).sagemaker(options, outputFor(options)),
    );

  addLocalCommands(new Command("local").copyInheritedSettings(program), program);

  command(
    program,
    "check-image",
    "whether a container image keeps SageMaker's rules: what does not hold, why, the fix",
  )
    .argument("<image or folder>", "name of a Docker image, or a folder with a Dockerfile")
    .option("--train-data <folder>", "data for train: a folder with one folder a channel")
    .option("--hyperparameters <file>", "JSON object of hyperparameters for train")
    .option("--model <folder>", "model for serve: what model.tar.gz holds (without it: what train makes)")
    .option("--request <file>", "body of a request for serve")
    .option("--content-type <type>", "its content type (without it: by the file's name)")
    .option("--junit <file>", "write the report as JUnit XML, too")
    .addHelpText("after", "\nExample:\n  $ npx slipway check-image model-image --junit check-image.xml")
    .action(async (image: string, options: JsonOption & ImageOptions) =>
      (await import("./commands/check-image.ts")).checkImage(image, options, outputFor(options)),
    );

  command(
    program,
    "bootstrap",
    "tell the GitHub repository and the stacks of the account that terraform-bootstrap/ has prepared",
  )
    .option("--print", "say what would be set, as commands of GitHub's CLI, and set nothing")
    .addHelpText("after", bootstrapHelp)
    .action(async (options: JsonOption & { print?: boolean }) =>
      (await import("./commands/bootstrap.ts")).bootstrap(options.print ?? false, outputFor(options)),
    );

  command(program, "doctor", "what is missing on this machine, and for a stack in AWS, with the fix for each")
    .argument("[stack]", "dev, main or pr-<number>: its account, permissions, quotas, region", stackName)
    .addHelpText("after", "\nExample:\n  $ npx slipway doctor dev")
    .action(async (stack: string | undefined, options: JsonOption) =>
      (await import("./commands/doctor.ts")).doctor(stack, outputFor(options)),
    );
  return program;
}

function addEphemeralCommands(ephemeral: Command, program: Command): void {
  const pullRequest = "number of the pull request";
  command(ephemeral, "up", "bring up the stack pr-<number> with the settings of dev and the sample of data/")
    .argument("<number>", pullRequest, wholeNumber)
    .addOption(
      new Option("--ttl <time>", "for how long it lives, such as 72h, 90m or 3d")
        .argParser(lifetime)
        .default(lifetime("72h"), "72h"),
    )
    .option("--comment", "say so in a comment on the pull request (GITHUB_TOKEN)")
    .action(async (number: number, options: JsonOption & EphemeralOptions) =>
      (await import("./commands/ephemeral.ts")).up(number, options, outputFor(options)),
    );
  command(ephemeral, "down", "destroy the stack of a pull request, with its data")
    .argument("<number>", pullRequest, wholeNumber)
    .action(async (number: number, options: JsonOption) =>
      (await import("./commands/ephemeral.ts")).down(number, outputFor(options)),
    );
  command(ephemeral, "sweep", "destroy the stacks of pull requests whose time is over").action(
    async (options: JsonOption) => (await import("./commands/ephemeral.ts")).sweep(outputFor(options)),
  );
  program.addCommand(ephemeral.description("short-lived stacks of pull requests"));
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
      (await import("./commands/local.ts"))[name as keyof typeof actions](outputFor(options)),
    );
  }
  local
    .command("logs")
    .description("the end of a server's log")
    .argument("[server]", "inbox, cloud, sagemaker, redshift or supervisor", "sagemaker")
    .option("--follow", "go on with what comes, until Ctrl-C")
    .option("--lines <count>", "lines to show", wholeNumber, 100)
    .action(async (server: string, { lines, follow }: { lines: number; follow?: boolean }) =>
      (await import("./commands/local.ts")).logs(server, lines, follow ?? false),
    );
  program.addCommand(local.description("the laptop's servers: AWS (MiniStack), SageMaker and the inbox"));
}

/** An option's value as a whole number from 1 up. */
function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a whole number from 1 up.");
}

/** An option's value as a share of the whole. */
function share(text: string): number {
  if (/^(0(\.\d+)?|1(\.0+)?)$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a number from 0 to 1, such as 0.01 for one in a hundred.");
}

/** An option's value as a time in milliseconds. */
function lifetime(text: string): number {
  const time = timeToLive(text);
  if (time !== undefined) return time;
  throw new InvalidArgumentError("Give a whole number with s, m, h or d, such as 72h.");
}

interface JsonOption {
  json?: boolean;
}

const outputFor = ({ json }: JsonOption): Output => createOutput(json ?? false);

const command = (parent: Command, name: string, description: string) =>
  parent
    .command(name)
    .description(description)
    .option("--json", "one JSON document on stdout, progress on stderr");

const stackCommand = (parent: Command, name: string, description: string) =>
  command(parent, name, description).argument("<stack>", "local, dev, main or pr-<number>", stackName);

/** Whoever reads the output has had enough of it (`| head`): what the command does goes on. */
function endedReader(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Runs the command that the process's arguments name, and ends the process. */
export async function main(): Promise<void> {
  listenForInterrupts();
  for (const stream of [process.stdout, process.stderr]) stream.on("error", endedReader);
  try {
    await commandLine().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exit(error.exitCode);
    const { message, exitCode } = explainError(error, interruptSignal.aborted);
    process.stderr.write(`${message}\n`);
    process.exit(exitCode);
  }
  process.exit(); // connections that are kept alive must not hold the command up
}
