import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface Kept<Outputs> {
  /** SHA-256 of the state that the outputs are of. */
  state: string;
  outputs: Outputs;
}

/**
 * The outputs of a laptop's stack, asked for once for each state that it has: the CLI takes most of a second to start and to
 * decrypt them, and each command needs them. The laptop's API key is among them; it opens this laptop's own servers only.
 * @param home the laptop's folder.
 */
export async function keptOutputs<Outputs>(
  home: string,
  stack: string,
  ask: () => Promise<Outputs | undefined>,
): Promise<Outputs | undefined> {
  const state = stateOf(home, stack);
  const file = join(home, "outputs", `${stack}.json`);
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Kept<Outputs>) : undefined;
  if (state && kept?.state === state) return kept.outputs;
  const outputs = await ask();
  if (state && outputs && stateOf(home, stack) === state) write(file, { state, outputs });
  return outputs;
}

/** Another text whenever a laptop's stack has another state; as long as it is the same, nobody has to ask the CLI. */
export function stateVersion(home: string, stack: string): string {
  const stats = statSync(stateFile(home, stack), { throwIfNoEntry: false });
  return stats ? `${stats.ino} ${stats.mtimeMs} ${stats.size}` : "none";
}

const stateFile = (home: string, stack: string) =>
  join(home, "pulumi", ".pulumi", "stacks", "slipway", `${stack}.json`);

/** The hash of a stack's state, if there is such a stack. */
function stateOf(home: string, stack: string): string | undefined {
  const file = stateFile(home, stack);
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : undefined;
}

/** In one step, for its owner's eyes only. */
function write(file: string, kept: Kept<unknown>): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(kept), { mode: 0o600 });
  renameSync(draft, file);
}
