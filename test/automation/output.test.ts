import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

/** Runs a step of two seconds with a standard error that says it is a terminal of so many columns. */
const stepIn = (columns: number) =>
  spawnSync(
    process.execPath,
    [
      "--require",
      "./register.js",
      "--eval",
      `Object.assign(process.stderr, { isTTY: true, columns: ${columns} });
       for (const move of ["clearLine", "cursorTo", "moveCursor"]) process.stderr[move] = () => true;
       const { createOutput } = require("./automation/output.ts");
       createOutput(false).step("Counting", async (progress) => {
         await new Promise((resolve) => setTimeout(resolve, 2000));
         progress.now("half way");
         progress.result("all of them");
       });`,
    ],
    {
      ...{ cwd: root, env: { ...process.env, CI: undefined, NO_COLOR: "1" }, encoding: "utf8" },
      ...{ timeout: 20_000, killSignal: "SIGKILL" },
    },
  );

describe("the progress of a step", () => {
  it("is drawn again and again in a terminal", () => {
    const { status, stderr } = stepIn(80);
    expect(status, stderr).to.equal(0);
    expect(stderr.match(/\S Counting(?! \d+\.\d s\n)/g)?.length, stderr).to.be.above(3);
    expect(stderr).to.match(/✔ Counting: all of them \d+\.\d s\n/);
  });

  it("is a plain line in a terminal that says it is 0 columns wide, where a spinner would never end", () => {
    const { status, stderr } = stepIn(0);
    expect(status, stderr).to.equal(0);
    expect(stderr).to.match(/^✔ Counting: all of them \d+\.\d s\n$/);
  });
});
