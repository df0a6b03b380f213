import { expect } from "chai";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { removeLeftBehind } from "../../automation/check-image/belongings";
import { checkImage } from "../../automation/check-image/check";
import { type Limits, sageMakerLimits } from "../../automation/check-image/limits";
import { type Report } from "../../automation/check-image/report";
import { rules } from "../../automation/check-image/rules";
import { createOutput } from "../../automation/output";
import { projectRoot } from "../../automation/project";
import { run } from "../../automation/run";
import { birthOf } from "../../local/supervisor/lock";
import { Registry } from "./check-image/registry";

const base = process.env.SLIPWAY_BASE_IMAGE ?? "public.ecr.aws/docker/library/python:3.11-slim";

/** SageMaker's limits, shortened to what the small images here keep easily. */
const limits = {
  ...sageMakerLimits,
  trainSeconds: 20,
  trainStopSeconds: 1,
  startSeconds: 15,
  invocationSeconds: 10,
  serveStopSeconds: 3,
};

interface Fault {
  /** The rule that must name it, alone. */
  rule: string;
  /** Of the check, where it would take long otherwise, or where the limit is the point. */
  limits?: Partial<Limits>;
  /** Whether it is in `train`; the others get a model instead of training one, which is quicker. */
  train?: true;
}

/** Each planted fault. The images are `check-image/program.py` with FAULT set; two come from `check-image/registry.ts`. */
const faults: Record<string, Fault> = {
  "shell-form": { rule: "exec-entrypoint" },
  index: { rule: "manifest" },
  arm64: { rule: "architecture" },
  // 48 MB that cannot be compressed, above a lowered limit: 10 GB would take minutes to build and compress.
  "too-large": { rule: "size", limits: { gigabytes: 0.04 } },
  "train-fails": { rule: "train", train: true },
  "accepts-bad-data": { rule: "train-bad-data", train: true },
  "no-failure-file": { rule: "failure-file", train: true },
  "ignores-sigterm-train": { rule: "train-sigterm", train: true, limits: { trainStopSeconds: 0.5 } },
  "wrong-port": { rule: "port", limits: { startSeconds: 2 } },
  "never-healthy": { rule: "healthy-in-time", limits: { startSeconds: 2 } },
  "writes-model": { rule: "read-only-model" },
  "slow-ping": { rule: "ping-time", limits: { pingSeconds: 0.2 } },
  // Its load is two at a time: more would not get a connection in time either.
  "slow-to-accept": { rule: "accept-time", limits: { concurrent: 2, loadRequests: 10 } },
  refuses: { rule: "invocations" },
  "crashes-on-load": { rule: "load" },
  "big-body": { rule: "payload" },
  "crashes-on-rubbish": { rule: "rubbish" },
  "ignores-sigterm": { rule: "serve-sigterm", limits: { serveStopSeconds: 1 } },
  "writes-outside": { rule: "written-outside" },
};

/** Whether there is a Docker engine that has, or can pull, the image to build upon. */
async function canBuild(): Promise<boolean> {
  const docker = async (...args: string[]) => (await run("docker", args, { timeout: 120_000 })).code === 0;
  return (await docker("info")) && ((await docker("image", "inspect", base)) || (await docker("pull", base)));
}

it("every rule of check-image has a planted fault", () => {
  // The user is information: each is allowed.
  const planted = [...Object.values(faults).map(({ rule }) => rule), "user"];
  expect(planted).to.have.members(rules.map(({ id }) => id));
});

describe("slipway check-image", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "slipway-images-"));
  const trainData = join(folder, "data");
  const model = join(folder, "model");
  const request = join(folder, "request.csv");
  const output = { ...createOutput(true), step: quietly };
  const images: string[] = [];
  /** Two checks at a time: each has a network of its own, and mostly waits. */
  const limit = pLimit(2);
  const found: Record<string, Promise<Report>> = {};
  let registry: Registry | undefined;

  before(async function () {
    if (!(await canBuild())) this.skip(); // no Docker engine, or no base image to be had
    mkdirSync(join(trainData, "train"), { recursive: true });
    writeFileSync(join(trainData, "train", "data.csv"), "a,b\n1,2\n");
    mkdirSync(model);
    writeFileSync(join(model, "model.txt"), "42");
    writeFileSync(request, "1,2\n");
    // These take longest.
    found.own = limit(() => checkImage(join(projectRoot, "model-image"), {}, output));
    found.flights = limit(() => checkImage(join(projectRoot, "examples", "flights"), {}, output));
    // This check builds the layers that the others share.
    found["no-fault"] = limit(() => check("no-fault", { rule: "", train: true }));
    await found["no-fault"];
    registry = await Registry.with("slipway-check-image:no-fault", join(folder, "saved"));
    for (const [name, fault] of Object.entries(faults)) found[name] = limit(() => check(name, fault));
    for (const report of Object.values(found)) report.catch(() => undefined); // its own test says it
  });
  after(async () => {
    registry?.close();
    if (images.length) await run("docker", ["image", "rm", "--force", ...images]);
    rmSync(folder, { recursive: true, force: true });
  });

  async function check(name: string, { limits: own, train }: Fault): Promise<Report> {
    const files = { model, request, ...(train && { trainData }) };
    const image = name === "index" || name === "arm64" ? registry!.nameOf(name) : folderWith(name);
    images.push(image.startsWith(folder) ? `slipway-check-image:${name}` : image);
    return checkImage(image, files, output, { ...limits, ...own });
  }

  /** The folder of an image with the fault. */
  function folderWith(fault: string): string {
    const image = join(folder, fault);
    mkdirSync(image);
    copyFileSync(join(__dirname, "check-image", "program.py"), join(image, "program.py"));
    const entrypoint = fault === "shell-form" ? "exec python /program.py $0" : '["python", "/program.py"]';
    const lines = [`FROM ${base}`, "COPY program.py /", `ENTRYPOINT ${entrypoint}`, `ENV FAULT=${fault}`];
    if (fault === "too-large") {
      writeFileSync(join(image, "weights"), randomBytes(48e6));
      lines.push("COPY weights /");
    }
    writeFileSync(join(image, "Dockerfile"), lines.join("\n"));
    return image;
  }

  const failing = async (name: string) =>
    (await found[name]!).results.filter(({ status }) => status === "fails").map(({ id }) => id);

  it("finds nothing where there is no fault", async () => {
    expect(await failing("no-fault")).to.deep.equal([]);
    expect((await found["no-fault"]!).counts).to.deep.equal({ holds: 19, fails: 0, skipped: 0, info: 1 });
  });

  for (const [fault, { rule }] of Object.entries(faults)) {
    it(`names ${rule}, and nothing else, for an image with the fault ${fault}`, async () => {
      expect(await failing(fault)).to.deep.equal([rule]);
    });
  }

  it("passes this project's own image, and that of a problem's folder, with no files given", async () => {
    for (const { results, ok } of [await found.own!, await found.flights!]) {
      expect(results.filter(({ status }) => status === "fails" || status === "skipped")).to.deep.equal([]);
      expect(ok).to.equal(true);
    }
    expect(await labelled(process.pid)).to.deep.equal([]); // all checks are done by now
  });

  /** Starts the command in a group of its own, as a terminal does, and returns when its server runs. */
  async function startCommand() {
    const program = join(projectRoot, "automation", "bin.js");
    const args = [program, "check-image", "slipway-check-image:never-healthy", "--model", model];
    const command = spawn(process.execPath, args, { detached: true, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    command.stderr.on("data", (text: Buffer) => (said += text.toString()));
    const ended = once(command, "exit") as Promise<[number | null]>;
    const pid = command.pid!;
    while (!(await isServing(pid))) {
      if (command.exitCode !== null) throw new Error(said);
      await sleep(100);
    }
    const send = (signal: NodeJS.Signals) => process.kill(-pid, signal);
    return { pid, send, ended, said: () => said };
  }

  it("leaves nothing behind after Ctrl-C, and says so", async () => {
    const { pid, send, ended, said } = await startCommand();
    send("SIGINT");
    expect((await ended)[0]).to.equal(130);
    expect(await labelled(pid)).to.deep.equal([]);
    expect(said()).to.include("Interrupted. What the check has made is removed");
  });

  it("leaves nothing behind after a second Ctrl-C", async () => {
    const { pid, send, ended, said } = await startCommand();
    send("SIGINT");
    while (!said().includes("Press Ctrl-C again")) await sleep(10);
    send("SIGINT");
    expect((await ended)[0]).to.equal(130);
    expect(said()).not.to.include("is removed"); // it has not waited
    await untilGone(pid);
  });

  it("leaves nothing behind when it is killed", async () => {
    const { pid, send, ended } = await startCommand();
    send("SIGKILL");
    await ended;
    await untilGone(pid);
  });

  it("removes what another check has left, unless that still runs", async () => {
    const gone = spawn(process.execPath, ["--eval", ""]);
    const owners = [
      `${hostname()}/${gone.pid}/1/gone`,
      `${hostname()}/${process.pid}/1/earlier-process-of-this-id`,
      `${hostname()}/${process.pid}/${birthOf(process.pid)}/living`,
      `another-machine/${gone.pid}/1/elsewhere`,
    ];
    await once(gone, "exit");
    const label = (owner: string) => `slipway.check-image=${owner}`;
    for (const owner of owners) {
      const { code } = await run("docker", ["volume", "create", "--label", label(owner)]);
      expect(code).to.equal(0);
    }
    await removeLeftBehind();
    const left = async (owner: string) =>
      listed("volume", "ls", "--quiet", "--filter", `label=${label(owner)}`);
    const counts = await Promise.all(owners.map(async (owner) => (await left(owner)).length));
    for (const owner of owners.slice(2)) await run("docker", ["volume", "rm", ...(await left(owner))]);
    expect(counts).to.deep.equal([0, 0, 1, 1]);
  });
});

async function listed(...args: string[]): Promise<string[]> {
  return (await run("docker", args)).stdout.split("\n").filter(Boolean).sort();
}

/** Containers, volumes and networks that a check of this process has made. */
async function labelled(
  pid: number,
  lists = [
    ["ps", "--all"],
    ["volume", "ls"],
    ["network", "ls"],
  ],
) {
  const format = ["--filter", "label=slipway.check-image", "--format", "{{json .}}"];
  const all = await Promise.all(lists.map((list) => listed(...list, ...format)));
  return all.flat().filter((line) => line.includes(`=${hostname()}/${pid}/`));
}

const isServing = async (pid: number) => (await labelled(pid, [["ps"]])).length > 0;

async function untilGone(pid: number): Promise<void> {
  while ((await labelled(pid)).length) await sleep(200); // up to the test's time limit
}

/** A step that shows nothing. */
function quietly<T>(
  _title: string,
  work: (progress: { now(): void; result(): void }) => Promise<T>,
): Promise<T> {
  return work({ now: () => undefined, result: () => undefined });
}
