import { type Command } from "commander";
import { type JsonOption, outputFor, stackCommand, wholeNumber } from "./options";

/** The use of what a stack serves. */
export function addPredictionCommands(program: Command): void {
  program.commandsGroup("Predictions and subscribers:");
  stackCommand(program, "predict", "ask the public prediction URL of a stack")
    .argument("[field=value...]", "fields that differ from the schema's example record")
    .option("--file <file>", "JSON file with one record or a list of records ('-' for standard input)")
    .addHelpText("after", "\nExample:\n  $ npx slipway predict local distance=3.2 pickup_zone='JFK Airport'")
    .action(async (stack: string, fields: string[], options: JsonOption & { file?: string }) =>
      (await import("../commands/predict.ts")).predict(stack, fields, options.file, outputFor(options)),
    );

  stackCommand(
    program,
    "endpoint",
    "how data scientists call the SageMaker endpoint of a stack themselves, with boto3 and the AWS CLI",
  ).action(async (stack: string, options: JsonOption) =>
    (await import("../commands/endpoint.ts")).endpoint(stack, outputFor(options)),
  );

  stackCommand(program, "inbox", "the emails that subscribers of a laptop stack got")
    .option("--limit <count>", "newest emails to show", wholeNumber, 5)
    .action(async (stack: string, options: JsonOption & { limit: number }) =>
      (await import("../commands/inbox.ts")).inbox(stack, options.limit, outputFor(options)),
    );

  stackCommand(program, "redrive", "send the events that could not be published to the publisher again")
    .option("--list", "show them and change nothing")
    .action(async (stack: string, options: JsonOption & { list?: boolean }) =>
      (await import("../commands/redrive.ts")).redrive(stack, options.list ?? false, outputFor(options)),
    );
}
