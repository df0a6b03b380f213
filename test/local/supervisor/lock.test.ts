import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { projectRoot } from "../../../local/state";
import { withLock } from "../../../local/supervisor/lock";
import { failure } from "../laptop";

describe("lock", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-lock-"));
    file = join(folder, "lock");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const dead = async () => {
    const child = spawn("true");
    await once(child, "exit");
    return child.pid ?? 0;
  };

  it("is held during the work, and gone after it, also when the work fails", async () => {
    expect(await withLock(file, "one", () => Promise.resolve(existsSync(file)))).to.equal(true);
    expect(
      (await failure(withLock(file, "one", () => Promise.reject(new Error("broken"))))).message,
    ).to.equal("broken");
    expect(readdirSync(folder)).to.be.empty;
  });

  it("names the command that holds it", async () => {
    await withLock(file, "slipway up local", async () => {
      const { message } = await failure(withLock(file, "other", () => Promise.resolve()));
      expect(message).to.contain(`'slipway up local' is already running here (process ${process.pid})`);
      expect(existsSync(file)).to.equal(true);
    });
  });

  it("is waited for by those who ask to, until they are told to stop", async () => {
    const order: string[] = [];
    const { signal } = new AbortController();
    const later = withLock(file, "first", async () => {
      const second = withLock(file, "second", () => Promise.resolve(order.push("second")), {
        wait: true,
        signal,
      });
      const stopped = withLock(file, "third", () => Promise.resolve(order.push("third")), {
        wait: true,
        signal: AbortSignal.timeout(50),
      });
      expect((await failure(stopped)).name).to.equal("AbortError");
      order.push("first");
      return { second };
    });
    await (
      await later
    ).second;
    expect(order).to.deep.equal(["first", "second"]);
  });

  it("is taken over from a process that died, and from one whose id another process has now", async () => {
    writeFileSync(file, JSON.stringify({ pid: await dead(), birth: "1", command: "gone" }));
    expect(await withLock(file, "next", () => Promise.resolve("done"))).to.equal("done");
    if (process.platform !== "linux") return;
    writeFileSync(file, JSON.stringify({ pid: process.ppid, birth: "1", command: "gone" }));
    expect(await withLock(file, "next", () => Promise.resolve("done"))).to.equal("done");
  });

  it("is taken over from a dead process by one of many", async () => {
    const log = join(folder, "log");
    writeFileSync(log, "");
    writeFileSync(file, JSON.stringify({ pid: await dead(), birth: "1", command: "gone" }));
    const script = `
      require("./register");
      const { appendFileSync } = require("node:fs");
      const { setTimeout: sleep } = require("node:timers/promises");
      const start = Number(process.argv[1]);
      const { withLock } = require("./local/supervisor/lock.ts");
      while (Date.now() < start);
      void withLock(${JSON.stringify(file)}, "contender", async () => {
        appendFileSync(${JSON.stringify(log)}, "in\\n");
        await sleep(50);
        appendFileSync(${JSON.stringify(log)}, "out\\n");
      }).catch(() => undefined);`;
    const start = Date.now() + 1200; // when all of them are up, so that they meet
    const contenders = [...Array(4).keys()].map(() =>
      spawn(process.execPath, ["-e", script, `${start}`], { cwd: projectRoot, stdio: "inherit" }),
    );
    await Promise.all(contenders.map((child) => once(child, "exit")));
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines.length).to.be.greaterThan(0);
    lines.forEach((line, index) => expect(line).to.equal(index % 2 ? "out" : "in"));
  }).timeout(10_000);
});
