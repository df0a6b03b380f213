import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

const automation = join(__dirname, "..", "..", "automation");

describe("packages that Pulumi loads and Slipway does not need", () => {
  it("stay unloaded until something asks for a part of them", () => {
    const program = `
      const loaded = (name) => Object.keys(require.cache).filter((file) => file.includes("/node_modules/" + name + "/")).length;
      require("../register");
      require("./lazy-packages.ts");
      require("@pulumi/pulumi/automation");
      const before = ["typescript", "@npmcli/arborist"].map(loaded);
      const { Arborist } = require("@npmcli/arborist");
      console.log(JSON.stringify([before, require("typescript").version, typeof Arborist, loaded("@npmcli/arborist") > 1]));`;
    const [before, version, arborist, isLoaded] = JSON.parse(
      execFileSync(process.execPath, ["-e", program], { cwd: automation, encoding: "utf8" }),
    ) as [number[], string, string, boolean];
    expect(before).to.deep.equal([1, 1]); // what stands in for each
    expect(version).to.match(/^\d+\.\d+/);
    expect(arborist).to.equal("function");
    expect(isLoaded).to.equal(true);
  });
});
