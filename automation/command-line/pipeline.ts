import { type Command } from "commander";
import { type ConsoleOptions } from "../commands/console";
import { type DemoOptions } from "../commands/demo";
import { type FeedCommandOptions } from "../commands/feed";
import { type JsonOption, command, outputFor, port, share, stackCommand, wholeNumber } from "./options";

/** The pipeline of a stack, from its data to what it serves. */
export function addPipelineCommands(program: Command): void {
  program.commandsGroup("Pipeline:");
  command(program, "demo", "the whole pipeline on this laptop: data, training, prediction URL, email")
    .option("--data <file>", "CSV file that is landed as raw data; without it, the sample in data/")
    .option("--problem <folder>", "another problem, with its sample, on a stack of its own beside 'local'")
    .option("--no-console", "do not open the console, which shows the pipeline live until Ctrl-C")
    .addHelpText("after", "\nExample:\n  $ npx slipway demo --problem examples/flights")
    .action(async (options: JsonOption & DemoOptions) =>
      (await import("../commands/demo.ts")).demo(options, outputFor(options)),
    );

  stackCommand(program, "up", "bring up the infrastructure of a stack; what it serves stays as it is").action(
    async (stack: string, options: JsonOption) =>
      (await import("../commands/up.ts")).up(stack, outputFor(options)),
  );

  stackCommand(
    program,
    "ingest",
    "let a stack's sources land what is new, and say how many rows fit schema.json",
  )
    .argument("[source]", "one source of slipway:sources; without one, all of them")
    .option("--no-wait", "do not wait for exports and queries that go on elsewhere; a later run lands them")
    .action(async (stack: string, source: string | undefined, options: JsonOption & { wait: boolean }) =>
      (await import("../commands/ingest.ts")).ingest(stack, source, options.wait, outputFor(options)),
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
      (await import("../commands/feed.ts")).feed(stack, options, outputFor(options)),
    );

  stackCommand(program, "console", "the pipeline of a stack live in the browser; it only looks")
    .option("--port <number>", "on 127.0.0.1; without it, any that is free", port)
    .option("--no-open", "print the address, and open no browser")
    .addHelpText(
      "after",
      "\nExample:\n  $ npx slipway console dev        with your AWS credentials, until Ctrl-C",
    )
    .action(async (stack: string, options: JsonOption & ConsoleOptions) =>
      (await import("../commands/console.ts")).showConsole(stack, options, outputFor(options)),
    );

  stackCommand(
    program,
    "diff",
    "what a release would change: infrastructure, data, code, hyperparameters; whether it would train",
  ).action(async (stack: string, options: JsonOption) =>
    (await import("../commands/diff.ts")).diff(stack, outputFor(options)),
  );

  stackCommand(
    program,
    "destroy",
    "delete all that a stack has made: API, endpoint, data (when configured), logs",
  )
    .option("--yes", "do not ask")
    .action(async (stack: string, options: JsonOption & { yes?: boolean }) =>
      (await import("../commands/destroy.ts")).destroy(stack, options.yes ?? false, outputFor(options)),
    );
}
