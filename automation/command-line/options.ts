import { type Command, InvalidArgumentError } from "commander";
import { timeToLive } from "../ephemeral/time-to-live";
import { createOutput, type Output } from "../output";
import { stackName } from "../stack-name";

/** An option's value as a whole number from 1 up. */
export function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a whole number from 1 up.");
}

/** An option's value as a TCP port. */
export function port(text: string): number {
  if (/^[1-9]\d*$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError("Give a whole number from 1 to 65535.");
}

/** An option's value as a share of the whole. */
export function share(text: string): number {
  if (/^(0(\.\d+)?|1(\.0+)?)$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a number from 0 to 1, such as 0.01 for one in a hundred.");
}

/** An option's value as a time in milliseconds. */
export function lifetime(text: string): number {
  const time = timeToLive(text);
  if (time !== undefined) return time;
  throw new InvalidArgumentError("Give a whole number with s, m, h or d, such as 72h.");
}

/** What `command` gives every command. */
export interface JsonOption {
  json?: boolean;
}

export const outputFor = ({ json }: JsonOption): Output => createOutput(json ?? false);

/** A command below `parent`, which can speak JSON. */
export const command = (parent: Command, name: string, description: string) =>
  parent
    .command(name)
    .description(description)
    .option("--json", "one JSON document on stdout, progress on stderr");

/** A command whose first argument is a stack. */
export const stackCommand = (parent: Command, name: string, description: string) =>
  command(parent, name, description).argument("<stack>", "local, dev, main or pr-<number>", stackName);
