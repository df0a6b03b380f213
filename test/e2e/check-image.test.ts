import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkImage } from "../../automation/check-image/check";
import { sageMakerLimits } from "../../automation/check-image/limits";
import { createOutput } from "../../automation/output";
import { modelImageFolder } from "../../automation/project";
import { run } from "../../automation/run";

const base = process.env.SLIPWAY_BASE_IMAGE ?? "public.ecr.aws/docker/library/python:3.11-slim";

/** SageMaker's limits, shortened to what the small images here keep easily. */
const limits = {
  ...sageMakerLimits,
  trainSeconds: 20,
  trainStopSeconds: 1,
  startSeconds: 3,
  pingSeconds: 0.5,
  invocationSeconds: 5,
  serveStopSeconds: 2,
};

/** A container of SageMaker's that keeps all rules but the one that FAULT names. */
const program = `
import os, pathlib, signal, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULT = os.environ.get("FAULT")
ML = pathlib.Path("/opt/ml")

def train():
    if FAULT == "ignores-sigterm-train":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    if not (ML / "input/data/train/data.csv").read_bytes().startswith(b"a,b"):
        if FAULT == "accepts-bad-data":
            return 0
        if FAULT != "no-failure-file":
            (ML / "output/failure").write_text("data.csv has no columns a and b")
        return 1
    time.sleep(5 if FAULT == "ignores-sigterm-train" else 1)
    (ML / "model/model.txt").write_text("42")
    return 3 if FAULT == "train-fails" else 0

active = 0

class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()
    def do_GET(self):
        if FAULT == "slow-ping":
            time.sleep(0.7)
        self.answer(503 if FAULT == "never-healthy" else 200)
    def do_POST(self):
        global active
        active += 1
        if FAULT == "crashes-on-load" and active > 10:
            os._exit(9)
        body = self.rfile.read(int(self.headers["content-length"]))
        if FAULT == "crashes-on-rubbish" and body == b"{":
            os._exit(9)
        time.sleep(0.02)
        active -= 1
        self.answer(500 if FAULT == "big-body" and len(body) > 1e6 else 400 if not body.startswith(b"1,2") or FAULT == "refuses" else 200)

class Server(ThreadingHTTPServer):
    request_queue_size = 256

def serve():
    if FAULT == "writes-outside":
        pathlib.Path("/var/cache/mine").write_text("x")
    if FAULT == "writes-model":
        (ML / "model/cache").write_text("x")
    (ML / "model/model.txt").read_text()
    if FAULT != "ignores-sigterm":
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    Server(("0.0.0.0", 8081 if FAULT == "wrong-port" else 8080), Handler).serve_forever()

sys.exit({"train": train, "serve": serve}[sys.argv[1]]())
`;

/** Each planted fault, and the rule that must name it, alone. */
const faults: Record<string, string> = {
  "shell-form": "exec-entrypoint",
  "train-fails": "train",
  "accepts-bad-data": "train-bad-data",
  "no-failure-file": "failure-file",
  "ignores-sigterm-train": "train-sigterm",
  "wrong-port": "port",
  "never-healthy": "healthy-in-time",
  "writes-model": "read-only-model",
  "slow-ping": "ping-time",
  refuses: "invocations",
  "crashes-on-load": "load",
  "big-body": "payload",
  "crashes-on-rubbish": "rubbish",
  "ignores-sigterm": "serve-sigterm",
  "writes-outside": "written-outside",
};

const trainFaults = ["train-fails", "accepts-bad-data", "no-failure-file", "ignores-sigterm-train"];

/** Whether there is a Docker engine that has, or can pull, the image to build upon. */
async function canBuild(): Promise<boolean> {
  const docker = async (...args: string[]) => (await run("docker", args, { timeout: 120_000 })).code === 0;
  return (await docker("info")) && ((await docker("image", "inspect", base)) || (await docker("pull", base)));
}

const listed = async (...args: string[]) =>
  (await run("docker", args)).stdout.split("\n").filter(Boolean).sort();

describe("slipway check-image", function () {
  this.timeout(300_000);
  const folder = mkdtempSync(join(tmpdir(), "slipway-images-"));
  const trainData = join(folder, "data");
  const model = join(folder, "model");
  const request = join(folder, "request.csv");
  const output = { ...createOutput(true), step: quietly };

  before(async function () {
    if (!(await canBuild())) this.skip(); // no Docker engine, or no base image to be had
    mkdirSync(join(trainData, "train"), { recursive: true });
    writeFileSync(join(trainData, "train", "data.csv"), "a,b\n1,2\n");
    mkdirSync(model);
    writeFileSync(join(model, "model.txt"), "42");
    writeFileSync(request, "1,2\n");
  });
  after(async () => {
    const tags = [...Object.keys(faults), "no-fault"].map((name) => `slipway-check-image:${name}`);
    await run("docker", ["image", "rm", "--force", ...tags]);
    rmSync(folder, { recursive: true, force: true });
  });

  async function failing(fault: string): Promise<string[]> {
    const image = join(folder, fault);
    mkdirSync(image);
    writeFileSync(join(image, "program.py"), program);
    const entrypoint = fault === "shell-form" ? "exec python /program.py $0" : '["python", "/program.py"]';
    const lines = [`FROM ${base}`, `ENV FAULT=${fault}`, "COPY program.py /", `ENTRYPOINT ${entrypoint}`];
    writeFileSync(join(image, "Dockerfile"), lines.join("\n"));
    const { results } = await checkImage(image, filesFor(fault), output, limits);
    return results.filter(({ status }) => status === "fails").map(({ id }) => id);
  }

  /** Images whose fault is not in `train` get a model instead of training one: that is quicker. */
  const filesFor = (fault: string) =>
    fault === "no-fault" || trainFaults.includes(fault) ? { trainData, model, request } : { model, request };

  it("finds nothing where there is no fault, and leaves nothing behind", async () => {
    const before = [await listed("ps", "-aq"), await listed("volume", "ls", "-q")];
    expect(await failing("no-fault")).to.deep.equal([]);
    expect([await listed("ps", "-aq"), await listed("volume", "ls", "-q")]).to.deep.equal(before);
  });

  for (const [fault, rule] of Object.entries(faults)) {
    it(`names ${rule}, and nothing else, for an image with the fault ${fault}`, async () => {
      expect(await failing(fault)).to.deep.equal([rule]);
    });
  }

  it("passes this project's own image, with no files given", async () => {
    const { results, ok } = await checkImage(modelImageFolder, {}, output);
    expect(results.filter(({ status }) => status === "fails" || status === "skipped")).to.deep.equal([]);
    expect(ok).to.equal(true);
  });
});

/** A step that shows nothing. */
function quietly<T>(
  _title: string,
  work: (progress: { now(): void; result(): void }) => Promise<T>,
): Promise<T> {
  return work({ now: () => undefined, result: () => undefined });
}
