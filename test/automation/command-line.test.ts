import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../automation/run";

const root = join(__dirname, "..", "..");

/** Runs `slipway` in a laptop home of its own. */
describe("the slipway command", () => {
  const home = mkdtempSync(join(tmpdir(), "slipway-"));
  const slipway = (...args: string[]) =>
    run(process.execPath, [join(root, "automation", "bin.js"), ...args], {
      cwd: root,
      env: { ...process.env, SLIPWAY_LOCAL_HOME: home, NO_COLOR: "1", ...nobody },
    });
  /** Nobody is logged in to a Pulumi backend. */
  const nobody = { PULUMI_HOME: home, PULUMI_BACKEND_URL: "", PULUMI_ACCESS_TOKEN: "" };
  after(() => rmSync(home, { recursive: true, force: true }));

  it("lists its commands and shows examples", async () => {
    const { code, stdout } = await slipway("--help");
    expect(code).to.equal(0);
    for (const name of [
      "demo",
      "up",
      "release",
      "promote",
      "approve",
      "reject",
      "predict",
      "status",
      "inbox",
      "destroy",
      "local",
      "cost",
      "diagram",
      "console",
      "bootstrap",
      "doctor",
    ]) {
      expect(stdout).to.match(new RegExp(`^ {2}${name} `, "m"));
    }
    expect(stdout).to.include("$ npx slipway demo");
  });

  it("says what each exit code of a release means, and wants a reason for a rejection", async () => {
    const { stdout } = await slipway("release", "--help");
    expect(stdout)
      .to.match(/^ {2}3 {2}it is rejected/m)
      .and.match(/^ {2}4 {2}the gate has accepted it/m);
    const { code, stderr } = await slipway("reject", "main");
    expect(code).to.equal(1);
    expect(stderr).to.include("--reason");
  });

  it("names the nearest command, and does nothing", async () => {
    const { code, stderr } = await slipway("relaese", "dev");
    expect(code).to.equal(1);
    expect(stderr).to.include("unknown command 'relaese'").and.to.include("Did you mean release?");
  });

  for (const command of ["release", "destroy"]) {
    it(`${command}: says which stacks there are when there is none of the name`, async () => {
      const { code, stderr, stdout } = await slipway(command, "prod");
      expect(code).to.equal(1);
      expect(stdout).to.equal("");
      // A stack of another problem is named beside it, where there is one.
      expect(stderr.replace(/(?<='local'), .*?(?= \(this)/, "").trim()).to.equal(
        "There is no stack 'prod'. Stacks are 'local' (this laptop), 'dev', 'main' and 'pr-<number>' (a pull request's).",
      );
    });
  }

  for (const command of ["status", "cost"]) {
    it(`${command}: says what to do where Pulumi has no backend`, async () => {
      const { code, stderr } = await slipway(command, "dev");
      expect(code).to.equal(1);
      expect(stderr).to.match(/^Pulumi has not been told where .* Set PULUMI_BACKEND_URL.*\n$/);
    });
  }

  it("takes no port that there is none of", async () => {
    const { code, stderr } = await slipway("console", "local", "--port", "65536");
    expect(code).to.equal(1);
    expect(stderr).to.include("argument '65536' is invalid. Give a whole number from 1 to 65535.");
  });

  it("says that the laptop cloud does not run, as text and as JSON", async () => {
    expect((await slipway("local", "status")).stdout).to.include(
      "does not run. Start it with 'npx slipway local start'",
    );
    expect(JSON.parse((await slipway("local", "status", "--json")).stdout)).to.deep.equal({ running: false });
    const { code, stderr } = await slipway("inbox", "local");
    expect(code).to.equal(1);
    expect(stderr).to.include("The laptop cloud does not run.");
  });

  it("names a data file that is not there before it starts anything", async () => {
    const { code, stderr } = await slipway("demo", "--data", "nowhere.csv");
    expect(code).to.equal(1);
    expect(stderr).to.include("The data file nowhere.csv cannot be read").and.not.to.include("    at ");
    expect(JSON.parse((await slipway("local", "status", "--json")).stdout)).to.deep.equal({ running: false });
  });

  it("finds what this machine has, as JSON", async () => {
    const { stdout } = await slipway("doctor", "--json");
    const findings = JSON.parse(stdout) as { what: string; ok: boolean; found: string }[];
    expect(findings.find(({ what }) => what === "Node.js")).to.deep.include({
      ok: true,
      found: process.versions.node,
    });
  });
});
