import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { readState } from "../../../local/state";
import {
  localStatus,
  requireSpace,
  resetLocal,
  startLocal,
  stopLocal,
} from "../../../local/supervisor/client";
import { node } from "../../../local/supervisor/services";
import { failure, processes, runs } from "../laptop";
import { standIns } from "./stand-ins";

describe("supervisor", function () {
  this.timeout(20_000);
  let home: string;
  beforeEach(() => (home = mkdtempSync(join(tmpdir(), "slipway-supervisor-"))));
  afterEach(async () => {
    await resetLocal(home);
    expect(existsSync(home)).to.equal(false);
  });

  const start = () => startLocal({ home, services: standIns });
  const status = async (name: string) =>
    (await localStatus(home))?.status.services.find((service) => service.name === name);
  const pidsOf = async (baseUrl: string) => (await (await fetch(`${baseUrl}/pids`)).json()) as number[];
  const mark = (file: string) => writeFileSync(join(home, file), "");

  it("starts, is found running, stops, and starts again under the same URLs", async () => {
    const state = await start();
    expect((await fetch(`${state.cloudUrl}/health`)).status).to.equal(200);
    expect(await start()).to.deep.equal(state);
    expect((await localStatus(home))?.status.services.map((service) => service.status)).to.deep.equal([
      "running",
      "running",
    ]);
    const pids = [...(await pidsOf(state.cloudUrl)), ...(await pidsOf(state.inboxUrl)), state.pid];

    expect(await stopLocal(home)).to.equal(true);
    expect(pids.filter((pid) => runs(pid))).to.be.empty;
    expect(await localStatus(home)).to.equal(undefined);
    expect(await stopLocal(home)).to.equal(false);

    const again = await start();
    const { cloudUrl, inboxUrl, controlUrl } = again;
    expect(state).to.deep.include({ cloudUrl, inboxUrl, controlUrl });
  });

  it("restarts a server that crashes", async () => {
    const { cloudUrl } = await start();
    const [first = 0] = await pidsOf(cloudUrl);
    process.kill(first, "SIGKILL");
    await until(
      async () => (await status("cloud"))?.restarts === 1 && (await status("cloud"))?.status === "running",
    );
    expect((await pidsOf(cloudUrl))[0]).not.to.equal(first);
    expect((await status("cloud"))?.problem).to.contain("cloud ended with exit code 137");
    expect((await status("inbox"))?.restarts).to.equal(0);
  });

  it("says that a server does not answer", async () => {
    await start();
    mark("cloud.slow");
    expect((await status("cloud"))?.status).to.equal("not answering");
  });

  it("gives up on a server that crashes again and again, shows it, and starts anew when asked to", async () => {
    const { cloudUrl, pid } = await start();
    mark("cloud.broken");
    process.kill((await pidsOf(cloudUrl))[0] ?? 0, "SIGKILL");
    await until(async () => (await status("cloud"))?.status === "failed");
    expect((await status("inbox"))?.status).to.equal("running");
    rmSync(join(home, "cloud.broken"));
    expect((await start()).pid).not.to.equal(pid);
    expect((await status("cloud"))?.status).to.equal("running");
  });

  it("does not start when one server does not, says why, and leaves nothing running", async () => {
    mark("cloud.broken");
    const { message } = await failure(start());
    expect(message)
      .to.contain("cloud ended with exit code 3 while it started")
      .and.contain("stand-in cloud is broken");
    expect(readState(home)).to.equal(undefined);
    expect(processes(home)).to.be.empty;
  });

  it("names the port that another program has, and the way out", async () => {
    const { cloudUrl } = await start();
    await stopLocal(home);
    const other = createServer().listen(Number(new URL(cloudUrl).port), "127.0.0.1");
    await once(other, "listening");
    const { message } = await failure(start());
    expect(message)
      .to.contain(`Port ${new URL(cloudUrl).port}`)
      .and.contain("SLIPWAY_CLOUD_PORT=<port>");
    other.close();
    await once(other, "close");
    expect((await start()).cloudUrl).to.equal(cloudUrl);
  });

  it("lets one of two starts at once do it, and tells the other", async () => {
    const results = await Promise.all([command(home), command(home)].map(ended));
    const messages = results.filter(({ code }) => code !== 0).map(({ stderr }) => stderr);
    if (messages.length) expect(messages).to.have.length(1);
    for (const text of messages)
      expect(text).to.contain("'slipway local start' is already running here (process ");
    expect(processes("supervisor/main.ts", home)).to.have.length(1);
  });

  it("ends everything when it is killed, and starts again at once", async () => {
    const { pid, cloudUrl, inboxUrl } = await start();
    const pids = [...(await pidsOf(cloudUrl)), ...(await pidsOf(inboxUrl))];
    process.kill(pid, "SIGKILL");
    expect((await start()).cloudUrl).to.equal(cloudUrl);
    expect(pids.filter((one) => runs(one))).to.be.empty;
  });

  it("ends everything on Ctrl-C during the start", async () => {
    mark("cloud.slow");
    const starting = command(home);
    await until(() => processes("stand-in.mjs", `${home} cloud`).length > 0);
    starting.kill("SIGINT");
    const { code, stderr } = await ended(starting);
    expect(code).to.equal(1);
    expect(stderr).to.contain("Interrupted");
    expect(processes(home)).to.be.empty;
  });

  it("can be stopped as soon as the start has begun", async () => {
    const starting = failure(start());
    expect(await stopLocal(home)).to.equal(true);
    expect((await starting).message).to.match(/was stopped/);
    expect(processes(home)).to.be.empty;
  });

  it("ends everything when a start is aborted before the supervisor is up", async () => {
    const { message } = await failure(startLocal({ home, services: standIns, signal: AbortSignal.abort() }));
    expect(message).to.contain("Interrupted");
    expect(processes(home)).to.be.empty;
  });

  it("can be stopped while it starts", async () => {
    mark("cloud.slow");
    const starting = failure(start());
    await until(() => processes("stand-in.mjs", `${home} cloud`).length > 0);
    expect(await stopLocal(home)).to.equal(true);
    expect((await starting).message).to.contain("was stopped while it started");
    expect(processes(home)).to.be.empty;
  });

  it("goes on starting when the command that asked for it dies", async () => {
    mark("cloud.slow");
    const starting = command(home);
    await until(() => processes("stand-in.mjs", `${home} cloud`).length > 0);
    starting.kill("SIGKILL");
    rmSync(join(home, "cloud.slow"));
    await until(async () => (await status("cloud"))?.status === "running");
  });

  it("says so when its folder cannot be written", async () => {
    mark("file");
    const folder = join(home, "file", "below");
    const { message } = await failure(startLocal({ home: folder, services: standIns }));
    expect(message).to.contain(folder).and.contain("SLIPWAY_LOCAL_HOME").and.not.contain("\n");
  });

  it("says how much room there is on the disk when it is too little", () => {
    requireSpace(home, 1);
    const more = 10 ** 9; // a million gigabytes
    expect(() => requireSpace(home, more)).to.throw(
      new RegExp(
        `^Only \\d+ MB are free on the disk of ${home}; the laptop target needs ${more} MB\\. Make room`,
      ),
    );
  });

  it("refuses an executor and a port that are none", async () => {
    await withVariable("SLIPWAY_EXECUTOR", "podman", async () => {
      expect((await failure(start())).message).to.contain("SLIPWAY_EXECUTOR is 'podman'");
    });
    await withVariable("SLIPWAY_CLOUD_PORT", "http", async () => {
      expect((await failure(start())).message).to.contain("SLIPWAY_CLOUD_PORT is 'http'");
    });
  });
});

/** A start by a process of its own. */
function command(home: string): ChildProcess {
  const [program, ...args] = node("test/local/supervisor/start.ts", home);
  return spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"] });
}

async function ended(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdout?.resume();
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

async function withVariable(name: string, value: string, work: () => Promise<void>): Promise<void> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
