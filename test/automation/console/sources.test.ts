import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { kept } from "../../../automation/console/sources";
import { stateVersion } from "../../../automation/pulumi-cli/kept-outputs";

describe("what the console asks the Pulumi CLI for", () => {
  const ms = 150;
  let asked: number;
  beforeEach(() => (asked = 0));

  it("is asked for again when the version is another one, and some time has gone by", async () => {
    let version = 1;
    const read = kept(
      ms,
      () => version,
      () => Promise.resolve(++asked),
    );
    expect(await Promise.all([read(), read()])).to.deep.equal([1, 1]);
    await sleep(1.2 * ms);
    expect(await read()).to.equal(1);
    version = 2;
    expect(await read()).to.equal(2);
    version = 3;
    expect(await read()).to.equal(2); // too soon
    await sleep(1.2 * ms);
    expect(await read()).to.equal(3);
  });

  it("is asked for again some time after it failed", async () => {
    const read = kept(
      ms,
      () => "same",
      () => (++asked === 1 ? Promise.reject(new Error("no access")) : Promise.resolve(asked)),
    );
    for (let turn = 0; turn < 2; turn++) expect(await read().catch(() => "failed")).to.equal("failed");
    await sleep(1.2 * ms);
    expect(await read()).to.equal(2);
    await sleep(1.2 * ms);
    expect(await read()).to.equal(2);
  });

  it("is of another version on a laptop when the state's file is another one", () => {
    const home = mkdtempSync(join(tmpdir(), "slipway-version-"));
    const file = join(home, "pulumi/.pulumi/stacks/slipway/local.json");
    const version = () => stateVersion(home, "local");
    try {
      const versions = [version()];
      mkdirSync(dirname(file), { recursive: true });
      for (const state of ["a", "bb"]) {
        writeFileSync(file, state);
        expect(version()).to.equal(version());
        versions.push(version());
      }
      expect(new Set(versions).size).to.equal(3);
    } finally {
      rmSync(home, { recursive: true });
    }
  });
});
