import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keptOutputs } from "../../automation/pulumi-cli/kept-outputs";

describe("the outputs of a laptop's stack", () => {
  let home: string;
  let asked: number;
  const setState = (state: string) => writeFileSync(join(folder(), "local.json"), state);
  const folder = () => join(home, "pulumi/.pulumi/stacks/slipway");
  const outputs = (then = () => undefined as void) =>
    keptOutputs(home, "local", () => {
      then();
      return Promise.resolve({ asked: ++asked });
    });

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "slipway-outputs-"));
    mkdirSync(folder(), { recursive: true });
    asked = 0;
  });
  afterEach(() => rmSync(home, { recursive: true }));

  it("are asked for once while the state stays", async () => {
    setState("a");
    expect(await outputs()).to.deep.equal({ asked: 1 });
    expect(await outputs()).to.deep.equal({ asked: 1 });
    setState("b");
    expect(await outputs()).to.deep.equal({ asked: 2 });
    expect(await outputs()).to.deep.equal({ asked: 2 });
  });

  it("are not kept when the state changes while they are asked for", async () => {
    setState("a");
    expect(await outputs(() => setState("b"))).to.deep.equal({ asked: 1 });
    expect(await outputs()).to.deep.equal({ asked: 2 });
    setState("a");
    expect(await outputs()).to.deep.equal({ asked: 3 });
  });

  it("are not kept of a stack that is not there", async () => {
    expect(await outputs()).to.deep.equal({ asked: 1 });
    expect(await outputs()).to.deep.equal({ asked: 2 });
    expect(await keptOutputs(home, "local", () => Promise.resolve(undefined))).to.equal(undefined);
  });

  it("are for their owner's eyes only", async () => {
    setState("a");
    await outputs();
    expect(statSync(join(home, "outputs", "local.json")).mode & 0o777).to.equal(0o600);
  });
});
