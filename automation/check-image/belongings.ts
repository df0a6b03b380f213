import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { birthOf, isHeld } from "../../local/supervisor/lock";
import { run } from "../run";

const key = "slipway.check-image";
const quickMs = 60_000;

/**
 * What one check makes outside of this process: containers, volumes and a network with its label, and a folder. A
 * process of its own watches over them, so that they go however this one ends, also by a second Ctrl-C or `kill -9`.
 */
export class Belongings {
  /** Such as `slipway.check-image=<machine>/<process>/<its start>/<random>`. */
  readonly label: string;
  /** For files of this check. */
  readonly folder = mkdtempSync(join(tmpdir(), "slipway-check-image-"));
  private readonly remover: ChildProcess;

  constructor() {
    const owner = [hostname(), process.pid, birthOf(process.pid), randomBytes(6).toString("hex")];
    this.label = `${key}=${owner.join("/")}`;
    this.remover = startRemover(this.label, this.folder);
  }

  /** Removes them all. When the engine does not answer for a minute, the rest is done behind this process's back. */
  async remove(): Promise<void> {
    await finish(this.remover);
  }
}

/** Removes what checks have left that were killed together with what watches over them, by a reboot say. */
export async function removeLeftBehind(): Promise<void> {
  const format = ["--filter", `label=${key}`, "--format", `{{.Label "${key}"}}`];
  const lists = await Promise.all(
    [
      ["ps", "--all"],
      ["volume", "ls"],
      ["network", "ls"],
    ].map((list) => run("docker", [...list, ...format], { timeout: quickMs })),
  );
  const owners = new Set(lists.flatMap(({ stdout }) => stdout.split("\n")).filter(Boolean));
  for (const owner of owners) if (hasDied(owner)) await finish(startRemover(`${key}=${owner}`));
}

/** Whether the process that a label names has ended. Of other machines on the same engine nobody here can say it. */
export function hasDied(owner: string): boolean {
  const [machine, pid, birth = ""] = owner.split("/");
  return machine === hostname() && !isHeld({ pid: Number(pid), birth });
}

function startRemover(label: string, folder = ""): ChildProcess {
  const script = join(__dirname, "remove.sh");
  // Detached: a terminal's Ctrl-C reaches all of its group.
  const remover = spawn("sh", [script, label, folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // One that cannot be started or was killed leaves its work to the next check.
  remover.on("error", () => undefined);
  remover.stdin?.on("error", () => undefined);
  return remover;
}

async function finish(remover: ChildProcess): Promise<void> {
  if (remover.pid === undefined || remover.exitCode !== null || remover.signalCode !== null) return;
  const timer = new AbortController();
  const ended = new Promise((resolve) => remover.once("exit", resolve));
  remover.stdin?.end("done\n");
  await Promise.race([ended, sleep(quickMs, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
}
