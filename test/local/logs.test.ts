import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { follow, logFile, tail } from "../../local/logs";

describe("logs", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-logs-"));
    file = join(folder, "a.log");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("knows the servers' logs, and says which there are", () => {
    expect(logFile("cloud", "/home")).to.equal("/home/logs/cloud.log");
    expect(() => logFile("../x", "/home")).to.throw(
      "There are: inbox, cloud, sagemaker, redshift, supervisor",
    );
  });

  it("reads the last lines", () => {
    writeFileSync(file, "one\ntwo\nthrée\nhalf");
    expect(tail(file, 2)).to.deep.equal(["two", "thrée"]);
    expect(tail(file, 0)).to.be.empty;
    expect(tail(join(folder, "none"))).to.be.empty;
  });

  it("reads only the end of a large file, in whole lines", () => {
    writeFileSync(file, `${"x".repeat(99)}\n`.repeat(10_000) + "last\n");
    const lines = tail(file, 100_000);
    expect(lines.length).to.be.within(2000, 4000);
    expect(lines[0]).to.equal("x".repeat(99));
    expect(lines.at(-1)).to.equal("last");
  });

  it("follows through growth, a half-written line and a rotation, from before the file is there", async () => {
    const lines: string[] = [];
    const stop = new AbortController();
    const following = follow(file, (line) => lines.push(line), { signal: stop.signal });
    const come = async (count: number) => {
      while (lines.length < count) await sleep(10);
    };
    writeFileSync(file, "one\ntw");
    await come(1);
    appendFileSync(file, Buffer.from("o é\n").subarray(0, 3));
    await sleep(250); // a poll in the middle of a character
    appendFileSync(file, Buffer.from("o é\n").subarray(3));
    await come(2);
    renameSync(file, `${file}.1`);
    writeFileSync(file, "three\n");
    await come(3);
    stop.abort();
    await following;
    expect(lines).to.deep.equal(["one", "two é", "three"]);
  });

  it("begins with the last lines that are there", async () => {
    writeFileSync(file, "one\ntwo\nhal");
    const lines: string[] = [];
    const stop = new AbortController();
    const following = follow(file, (line) => lines.push(line), { lines: 1, signal: stop.signal });
    appendFileSync(file, "f\n");
    while (lines.length < 2) await sleep(10);
    stop.abort();
    await following;
    expect(lines).to.deep.equal(["two", "half"]);
  });
});
