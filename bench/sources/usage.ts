import { readdirSync, readFileSync } from "node:fs";

const ticksPerSecond = 100;

/** Of the MiniStack at this address: seconds of processor time, and megabytes in memory at most (Linux). */
export function usage(cloudUrl: string): { cpu: number; megabytes: number } {
  const port = `GATEWAY_PORT=${new URL(cloudUrl).port}`;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("ministack_plus.py")) continue;
      if (!readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(port)) continue;
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      const resident = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      return {
        cpu: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
        megabytes: Math.round(Number(resident) / 1024),
      };
    } catch {
      // gone meanwhile, or another user's
    }
  }
  return { cpu: 0, megabytes: 0 };
}
