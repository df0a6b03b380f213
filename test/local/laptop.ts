/** A laptop target of its own for a test: in a folder of its own, on free ports, without the local SageMaker. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalState } from "../../local/state";
import { startLocal, stopLocal } from "../../local/supervisor/client";
import { services, type ServiceSettings } from "../../local/supervisor/services";

export interface Laptop {
  home: string;
  state: LocalState;
  stop(): Promise<void>;
}

export async function startLaptop(...names: string[]): Promise<Laptop> {
  const home = mkdtempSync(join(tmpdir(), "slipway-laptop-"));
  const some = (settings: ServiceSettings) => services(settings).filter(({ name }) => names.includes(name));
  const state = await startLocal({ home, services: some });
  const stop = async () => {
    await stopLocal(home);
    rmSync(home, { recursive: true, force: true });
  };
  return { home, state, stop };
}

/** Whether a process runs; a dead one that nobody has buried has no command line any more. */
export const runs = (pid: number) => processes("").includes(pid);

/** Ids of the processes whose command line contains all of `words` (Linux). */
export function processes(...words: string[]): number[] {
  const answer: number[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      if (command && words.every((word) => command.includes(word))) answer.push(Number(pid));
    } catch {
      // gone meanwhile
    }
  }
  return answer;
}

/** The error that a promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: Error) => error,
  );
}
