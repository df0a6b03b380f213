import { expect } from "chai";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { locatePulumi, pulumiVersion } from "../../automation/pulumi-cli/find";

describe("finding a Pulumi CLI", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-"));
  const { PATH, XDG_CACHE_HOME } = process.env;

  /** A program that says it is this version of Pulumi. */
  function install(bin: string, version: string): void {
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "pulumi"), `#!/bin/sh\necho v${version}\n`);
    chmodSync(join(bin, "pulumi"), 0o755);
  }

  beforeEach(() => {
    rmSync(folder, { recursive: true, force: true });
    process.env.PATH = `${join(folder, "path")}:/usr/bin:/bin`;
    process.env.XDG_CACHE_HOME = join(folder, "cache");
  });
  after(() => {
    process.env.PATH = PATH;
    if (XDG_CACHE_HOME === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
    rmSync(folder, { recursive: true, force: true });
  });
  const cached = () => join(folder, "cache", "slipway", "pulumi", pulumiVersion, "bin");

  it("takes the one on PATH first", async () => {
    install(join(folder, "path"), "3.300.0");
    install(cached(), pulumiVersion);
    expect((await locatePulumi())?.version?.toString()).to.equal("3.300.0");
  });

  it("leaves one that is too old alone, and takes the one in the cache", async () => {
    install(join(folder, "path"), "2.25.0");
    install(cached(), pulumiVersion);
    expect((await locatePulumi())?.command).to.equal(join(cached(), "pulumi"));
  });

  it("finds none when there is none", async () => {
    expect(await locatePulumi()).to.equal(undefined);
  });

  it("pins the same version for Go as for the installer", () => {
    const goMod = readFileSync(join(__dirname, "..", "..", "automation", "pulumi-cli", "go.mod"), "utf8");
    expect(goMod).to.include(`github.com/pulumi/pulumi/pkg/v3 v${pulumiVersion}`);
  });
});
