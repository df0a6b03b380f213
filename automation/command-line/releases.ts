import { type Command } from "commander";
import { stackName } from "../stack-name";
import { type JsonOption, outputFor, stackCommand } from "./options";

const releaseHelp = `
Exit codes:
  0  it is served
  1  something failed; what is served stays as it was
  3  it is rejected, by the gate or by a person; what is served stays as it was
  4  the gate has accepted it, and it waits for 'npx slipway approve <stack>'`;

/** What a stack serves, and served. */
export function addReleaseCommands(program: Command): void {
  program.commandsGroup("Releases:");
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
        ? (await import("../commands/release.ts")).release(stack, outputFor(options))
        : (await import("../commands/promote.ts")).releaseFrom(from, stack, outputFor(options)),
    );

  stackCommand(program, "status", "what a stack serves, since when, and what it was made from")
    .option("--latency", "and how long predictions took in the last hour")
    .action(async (stack: string, { latency, ...options }: JsonOption & { latency?: boolean }) =>
      (await import("../commands/status.ts")).status(stack, latency ?? false, outputFor(options)),
    );

  stackCommand(
    program,
    "releases",
    "the releases of a stack: when, by which commit, how good, served or not; or what the gate found of one",
  )
    .argument(
      "[release]",
      "its id: figures beside the release that was served, and how the errors are distributed",
    )
    .action(async (stack: string, release: string | undefined, options: JsonOption) =>
      (await import("../commands/releases.ts")).releases(stack, release, outputFor(options)),
    );

  stackCommand(program, "approve", "serve a release that the gate has accepted and that waits for a person")
    .argument("[release]", "its id; without one, the one that waits")
    .action(async (stack: string, release: string | undefined, options: JsonOption) =>
      (await import("../commands/approve.ts")).approve(stack, release, outputFor(options)),
    );

  stackCommand(program, "reject", "reject a release that waits for a person, for good")
    .argument("[release]", "its id; without one, the one that waits")
    .requiredOption("--reason <text>", "why; the subscribers are told")
    .action(async (stack: string, release: string | undefined, options: JsonOption & { reason: string }) =>
      (await import("../commands/approve.ts")).reject(stack, release, options.reason, outputFor(options)),
    );

  stackCommand(
    program,
    "promote",
    "let another stack release what this one serves: the same image and model, copied, not made again",
  )
    .argument("<to>", "the stack that is to serve it, with its own gate, approval and guardrails", stackName)
    .addHelpText("after", `${releaseHelp}\n\nExample:\n  $ npx slipway promote dev main`)
    .action(async (from: string, to: string, options: JsonOption) =>
      (await import("../commands/promote.ts")).promote(from, to, outputFor(options)),
    );

  stackCommand(program, "rollback", "serve an earlier release again, without training")
    .argument("[release]", "its id; without one, the last good one before the current")
    .option("--reason <text>", "what the subscribers are told", "It was rolled back by hand.")
    .action(async (stack: string, release: string | undefined, options: JsonOption & { reason: string }) =>
      (await import("../commands/rollback.ts")).rollback(stack, release, options.reason, outputFor(options)),
    );

  stackCommand(
    program,
    "shadow",
    "let a release see a copy of each request to a real-time endpoint; its answers go nowhere",
  )
    .argument("[release]", "its id; without one, the shadow is taken away")
    .action(async (stack: string, release: string | undefined, options: JsonOption) =>
      (await import("../commands/shadow.ts")).shadow(stack, release, outputFor(options)),
    );
}
