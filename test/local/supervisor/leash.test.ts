import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { projectRoot } from "../../../local/state";
import { venvPython } from "../../../local/supervisor/services";
import { runs } from "../laptop";

const leash = join(projectRoot, "local", "leash.py");

describe("leash", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "slipway-leash-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a shell script on the leash, in `folder`. */
  const run = (script: string, options: { stdin?: "pipe" | "ignore"; grace?: number } = {}) =>
    spawn(venvPython, [leash, "--grace", `${options.grace ?? 5}`, "--", "sh", "-c", script], {
      cwd: folder,
      stdio: [options.stdin ?? "pipe", "pipe", "pipe"] as StdioOptions,
    });
  /** A process in a session of its own, so outside the command's group; its id goes to the file `runaway`. */
  const runaway = "setsid sleep 300 & echo $! > runaway.new; mv runaway.new runaway;";
  const idIn = async (file: string) => {
    for (;;) {
      try {
        return Number(readFileSync(join(folder, file), "utf8"));
      } catch {
        await sleep(10);
      }
    }
  };

  it("hands the output and the exit code through", async () => {
    expect(await ended(run("echo out; echo err >&2; exit 7"))).to.deep.equal({
      code: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect((await ended(run("kill -KILL $$"))).code).to.equal(137);
  });

  it("lets the command run when standard input is /dev/null, as a job has it", async () => {
    expect(await ended(run("sleep 0.3; cat; echo done", { stdin: "ignore" }))).to.deep.include({
      code: 0,
      stdout: "done\n",
    });
  });

  it("does not give the command its own standard input", async () => {
    const child = run("cat; echo done");
    child.stdin?.write("not for the command");
    expect((await ended(child)).stdout).to.equal("done\n");
  });

  it("ends the command and what it started at the end of standard input", async () => {
    const child = run(`${runaway} echo $$ > leader; exec sleep 300`);
    const pids = [await idIn("runaway"), await idIn("leader")];
    child.stdin?.end();
    expect((await ended(child)).code).to.equal(143);
    expect(pids.filter(runs)).to.be.empty;
  });

  it("hands SIGTERM on, and waits while the command tidies up", async () => {
    const child = run("trap 'sleep 0.3; echo tidy; exit 4' TERM; touch ready; while :; do sleep 0.05; done", {
      stdin: "ignore",
    });
    await idIn("ready");
    child.kill("SIGTERM");
    expect(await ended(child)).to.deep.include({ code: 4, stdout: "tidy\n" });
  });

  it("kills a command that does not end within the grace time", async () => {
    const child = run("trap '' TERM; touch ready; while :; do sleep 0.05; done", { grace: 0.2 });
    await idIn("ready");
    child.kill("SIGTERM");
    expect((await ended(child)).code).to.equal(137);
  });

  it("kills what the command leaves running", async () => {
    const child = run(`${runaway} sleep 300 & exit 0`);
    expect((await ended(child)).code).to.equal(0);
    expect(runs(await idIn("runaway"))).to.equal(false);
  });

  it("ends the command when the leash itself is killed", async () => {
    const child = run(`${runaway} echo $$ > leader; exec sleep 300`, { stdin: "ignore" });
    const pids = [await idIn("runaway"), await idIn("leader")];
    child.kill("SIGKILL");
    while (pids.some(runs)) await sleep(10);
  });

  it("ends the command when its starter is killed, without a pipe", async function () {
    if (process.platform !== "linux") this.skip();
    const starter = spawn(
      "sh",
      ["-c", `"$@"; true`, "sh", venvPython, leash, "--", "sh", "-c", `${runaway} exec sleep 300`],
      {
        cwd: folder,
        stdio: "ignore",
      },
    );
    const pid = await idIn("runaway");
    starter.kill("SIGKILL");
    while (runs(pid)) await sleep(10);
  });

  it("ends a command at any moment of its start", async () => {
    const children = [...Array(12).keys()].map(() => run("exec sleep 300", { grace: 30 }));
    const all = children.map((child, index) =>
      sleep(index * 8).then(() => (child.stdin?.end(), ended(child))),
    );
    for (const { code } of await Promise.all(all)) expect(code).to.equal(143);
  }).timeout(10_000);

  it("names a command that is not there, and how it is used", async () => {
    const missing = spawn(venvPython, [leash, "--", "no-such-command"], { stdio: ["pipe", "pipe", "pipe"] });
    expect(await ended(missing)).to.deep.include({
      code: 127,
      stderr: "leash: no-such-command cannot be started: No such file or directory\n",
    });
    const wrong = spawn(venvPython, [leash, "sleep", "1"], { stdio: ["pipe", "pipe", "pipe"] });
    expect((await ended(wrong)).stderr).to.contain("usage: leash.py");
  });
});

async function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.on("data", (chunk: Buffer) => (text[name] += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...text };
}
