import { Command, CommanderError } from "commander";
import { version } from "../package.json";
import { addCompletionCommand } from "./command-line/completion";
import { addMachineCommands } from "./command-line/machine";
import { addPipelineCommands } from "./command-line/pipeline";
import { addPredictionCommands } from "./command-line/predictions";
import { addReleaseCommands } from "./command-line/releases";
import { addUpkeepCommands } from "./command-line/upkeep";
import { explainError } from "./errors";
import { interruptSignal, listenForInterrupts } from "./interrupt";

const help = `
A stack is 'local' (this laptop, no AWS account), 'dev', 'main' or 'pr-<number>'.

Examples:
  $ npx slipway demo               the whole pipeline on this laptop, with real data
  $ npx slipway up dev             bring up the infrastructure of the stack dev (like 'pulumi up')
  $ npx slipway release dev        data snapshot, process, train, gate, deploy, test, announce
  $ npx slipway status dev --json  what is served, made from what, for machines to read

'npx slipway <command> --help' says more about a command.`;

/**
 * The command line. Each command's arguments and options are in `command-line/`; what it does is in `commands/`, and is
 * loaded when it is called, so that the small ones are quick.
 */
export function commandLine(): Command {
  const program = new Command("slipway")
    .description("From raw data to a public prediction URL on AWS, and the same on a laptop.")
    .version(version)
    .addHelpText("after", help)
    .showHelpAfterError("Run it with --help to see how it is used.")
    .exitOverride();

  addPipelineCommands(program);
  addReleaseCommands(program);
  addPredictionCommands(program);
  addUpkeepCommands(program);
  addMachineCommands(program);
  addCompletionCommand(program);
  return program;
}

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
