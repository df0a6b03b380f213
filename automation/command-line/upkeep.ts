import { Command, Option } from "commander";
import { type DiagramOptions } from "../commands/diagram";
import { type EphemeralOptions } from "../commands/ephemeral";
import { type LogsOptions } from "../commands/logs";
import { type JsonOption, command, lifetime, outputFor, stackCommand, wholeNumber } from "./options";

const reportHelp = `
Exit codes:
  0  the report is whole
  1  a part could not be found out, such as a preview that fails; the report says why`;

const logsHelp = `
Stages are processing, training, transform and events (jobs and their states), endpoint (the container), predict, site,
batches, score, publish and subscriptions (Lambdas), ingest:<source> and transform:<source>, access (API Gateway): those that
the stack has. Of a job stage that is named, the newest job is shown from its beginning. With --follow, --json is one document a line.

Examples:
  $ npx slipway logs dev predict --follow
  $ npx slipway logs dev --since 2h --json | jq '.lines[] | select(.message.level? == "error")'`;

const driftHelp = `
Exit codes:
  0  all the same
  1  it could not be found out
  2  something differs`;

const monitorHelp = `
Looks at the requests of the last 24 hours that were captured (slipway:captureSharePercent), now instead of on the schedule. See
docs/model-monitoring.md.`;

const diagramHelp = `
Writes architecture-<stack>.svg and architecture-<stack>-isometric.svg: of the stack's state when it is up, else of a
preview. docs/architecture.md explains what is in them.`;

/** Watching over stacks, and the short-lived ones of pull requests. */
export function addUpkeepCommands(program: Command): void {
  program.commandsGroup("Upkeep and pull requests:");
  stackCommand(
    program,
    "report",
    "what a pull request would do to a stack, in Markdown: infrastructure, data, model; it changes nothing",
  )
    .option("--comment <number>", "keep it as one comment on this pull request (GITHUB_TOKEN)", wholeNumber)
    .addHelpText("after", reportHelp)
    .action(async (stack: string, options: JsonOption & { comment?: number }) =>
      (await import("../commands/report.ts")).report(stack, options.comment, outputFor(options)),
    );

  stackCommand(program, "logs", "what the stages of a stack have logged, in one stream")
    .argument("[stage]", "such as training, endpoint, predict, ingest:<source>; without one, all of them")
    .option("--follow", "go on with what comes, until Ctrl-C")
    .option("--since <time>", "how far back, such as 90s, 10m, 2h or 1d; without it, 10m", lifetime)
    .addHelpText("after", logsHelp)
    .action(async (stack: string, stage: string | undefined, options: JsonOption & LogsOptions) =>
      (await import("../commands/logs.ts")).logs(stack, stage, options, outputFor(options)),
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
      (await import("../commands/drift.ts")).drift(stack, options.issue ?? false, outputFor(options)),
    );

  stackCommand(
    program,
    "monitor",
    "whether what the model is asked is like what it was made from, and how right it was (by labels)",
  )
    .addHelpText("after", monitorHelp)
    .action(async (stack: string, options: JsonOption) =>
      (await import("../commands/monitor.ts")).monitor(stack, outputFor(options)),
    );

  stackCommand(program, "cost", "what a stack costs a month, by component, and what grows with use")
    .option("--diff", "and by how much 'slipway up' would change it")
    .addHelpText("after", "\nPrices are of a dated table (automation/cost/list-prices.json), not live.")
    .action(async (stack: string, options: JsonOption & { diff?: boolean }) =>
      (await import("../commands/cost.ts")).cost(stack, options.diff ?? false, outputFor(options)),
    );

  stackCommand(
    program,
    "diagram",
    "pictures of a stack from its own resources, in two and in three dimensions (SVG)",
  )
    .option("--diff", "what 'slipway up' would change: added +, changed ~, removed -")
    .addOption(new Option("--view <view>", "one of the two pictures").choices(["2d", "isometric"]))
    .option("--output <folder>", "where the pictures are written", ".")
    .addHelpText("after", diagramHelp)
    .action(async (stack: string, options: JsonOption & DiagramOptions) =>
      (await import("../commands/diagram.ts")).diagram(stack, options, outputFor(options)),
    );

  addEphemeralCommands(new Command("ephemeral").copyInheritedSettings(program), program);
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
      (await import("../commands/ephemeral.ts")).up(number, options, outputFor(options)),
    );
  command(ephemeral, "down", "destroy the stack of a pull request, with its data")
    .argument("<number>", pullRequest, wholeNumber)
    .action(async (number: number, options: JsonOption) =>
      (await import("../commands/ephemeral.ts")).down(number, outputFor(options)),
    );
  command(ephemeral, "sweep", "destroy the stacks of pull requests whose time is over").action(
    async (options: JsonOption) => (await import("../commands/ephemeral.ts")).sweep(outputFor(options)),
  );
  program.addCommand(ephemeral.description("short-lived stacks of pull requests"));
}
