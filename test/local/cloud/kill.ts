import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { localStatus } from "../../../local/supervisor/client";
import { type Laptop, processes } from "../laptop";

const scripts = {
  cloud: "ministack_plus.py",
  inbox: "local/inbox/main.ts",
  redshift: "local/redshift/main.ts",
  sagemaker: "local/sagemaker/main.ts",
};

type Killable = keyof typeof scripts;

/** Kills the laptop's MiniStack with SIGKILL, and returns when it has been started again (Linux). */
export const killCloud = (laptop: Pick<Laptop, "home">) => killServer(laptop, "cloud");

/** Kills one of the laptop's servers with SIGKILL, and returns when it has been started again (Linux). */
export async function killServer(laptop: Pick<Laptop, "home">, name: Killable): Promise<void> {
  const kill = await readyToKill(laptop, name);
  await kill();
}

/** As `killServer`, with all that takes time done before: what it returns sends the signal at once. */
export async function readyToKill(
  laptop: Pick<Laptop, "home">,
  name: Killable,
): Promise<() => Promise<void>> {
  const server = async () =>
    (await localStatus(laptop.home))?.status.services.find((one) => one.name === name);
  const before = await server();
  // The interpreter itself, not its leash.
  const [pid] = processes(scripts[name]).filter((one) => isBelow(one, before?.pid) && !isLeash(one));
  if (!before || !pid) throw new Error(`There is no process of ${name} to kill.`);
  return async () => {
    process.kill(pid, "SIGKILL");
    for (;;) {
      const now = await server();
      if (now?.status === "running" && now.restarts > before.restarts) return;
      await sleep(20);
    }
  };
}

const isLeash = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("leash.py");

/** Whether `ancestor` is among the parents of `pid`. */
function isBelow(pid: number, ancestor = 0): boolean {
  for (let one = pid; one > 1;) {
    if (one === ancestor) return true;
    const stat = readFileSync(`/proc/${one}/stat`, "utf8");
    one = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]); // the parent's id
  }
  return false;
}
