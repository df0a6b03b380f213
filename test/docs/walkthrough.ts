import { marked, type Token, type Tokens } from "marked";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectOutput } from "./expected-output";
import { type Shell } from "./shell";

/** What a page tells its reader to do. How it is written: docs/tutorial/README.md. */
export type Step =
  | { kind: "command"; command: string; output: string }
  /** Lines of a file that others take the place of. */
  | { kind: "change"; file: string; before: string; after: string }
  | { kind: "file"; file: string; text: string };

/** The steps of a page of Markdown, in order. @throws Error that cites a block that cannot be followed. */
export function stepsOf(markdown: string): Step[] {
  return marked
    .lexer(markdown)
    .filter(isFenced)
    .flatMap(({ lang = "", text }) => {
      const [kind, file] = lang.split(" ");
      if (kind === "console") return commandsOf(text);
      if (kind === "diff") return [changeOf(file, text)];
      return file ? [{ kind: "file", file, text: `${text}\n` }] : [];
    });
}

const isFenced = (token: Token): token is Tokens.Code =>
  token.type === "code" && (token as Tokens.Code).codeBlockStyle !== "indented";

/** A line with `$ ` begins a command, one with `> ` goes on with it; all others are what it prints. */
function commandsOf(text: string): Step[] {
  if (!text.startsWith("$ ")) throw new Error(`A block of commands must begin with '$ ':\n${text}`);
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const lines = part.split("\n");
      const end = lines.findIndex((line, index) => index > 0 && !line.startsWith("> "));
      const command = lines.slice(0, end < 0 ? lines.length : end);
      return {
        kind: "command",
        command: command.map((line) => line.replace(/^> /, "")).join("\n"),
        output: end < 0 ? "" : lines.slice(end).join("\n").trimEnd(),
      };
    });
}

/** Lines with `-` go, those with `+` come, all others are around them. */
function changeOf(file: string | undefined, text: string): Step {
  if (!file) throw new Error(`A change must name its file after 'diff':\n${text}`);
  const lines = text.split("\n");
  const without = (sign: string) =>
    lines
      .filter((line) => !line.startsWith(sign))
      .map((line) => line.slice(1))
      .join("\n");
  return { kind: "change", file, before: without("+"), after: without("-") };
}

/** Follows a page in a copy of the project. @throws Error about the first step that does not go as the page says. */
export async function follow(markdown: string, folder: string, shell: Shell): Promise<void> {
  const names = new Map<string, string>();
  for (const step of stepsOf(markdown)) {
    if (step.kind === "command") await runCommand(step, shell, names);
    else if (step.kind === "change") change(folder, step);
    else writeFileSync(join(folder, step.file), step.text);
  }
}

async function runCommand(
  { command, output }: Step & { kind: "command" },
  shell: Shell,
  names: Map<string, string>,
): Promise<void> {
  const known = command.replace(/<([a-z]+)>/g, (whole, name: string) => names.get(name) ?? whole);
  const { code, printed } = await shell.run(known);
  if (code !== 0) throw new Error(`'${known}' ended with ${code}:\n${printed}`);
  expectOutput(known, printed, output, names);
}

function change(folder: string, { file, before, after }: Step & { kind: "change" }): void {
  const path = join(folder, file);
  const parts = readFileSync(path, "utf8").split(before);
  if (parts.length !== 2)
    throw new Error(`${file} has these lines ${parts.length - 1} times, not once:\n${before}`);
  writeFileSync(path, parts.join(after));
}
