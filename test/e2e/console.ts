import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Laptop } from "./laptop";

/** Runs `slipway console local`, which goes on until the process is ended. @throws Error when it has ended. */
export async function startConsole(laptop: Laptop): Promise<{ command: ChildProcess; url: string }> {
  const program = join(laptop.folder, "automation", "bin.js");
  const command = spawn(process.execPath, [program, "console", "local", "--json", "--no-open"], {
    ...{ cwd: laptop.folder, stdio: ["ignore", "pipe", "inherit"] },
    env: { ...process.env, SLIPWAY_LOCAL_HOME: laptop.home, NO_COLOR: "1" },
  });
  for await (const line of createInterface(command.stdout)) {
    const [, url] = /"url": "(.+)"/.exec(line) ?? [];
    if (url) return { command, url };
  }
  throw new Error("the console has ended");
}
