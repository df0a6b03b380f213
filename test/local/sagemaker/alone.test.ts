import { ListEndpointsCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopLocal } from "../../../local/supervisor/client";
import { processes } from "../laptop";

const bin = join(__dirname, "..", "..", "..", "automation", "bin.js");

describe("slipway sagemaker", function () {
  this.timeout(60_000);
  const home = mkdtempSync(join(tmpdir(), "slipway-sagemaker-"));
  const env = { ...process.env, SLIPWAY_LOCAL_HOME: home };
  const args = [bin, "sagemaker", "--executor", "process", "--json"];
  let running: ChildProcess;

  after(async () => {
    await stopLocal(home);
    rmSync(home, { recursive: true, force: true });
  });

  it("serves until Ctrl-C, and tells other programs where", async () => {
    running = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "ignore"] });
    const [first] = (await once(running.stdout!, "data")) as [Buffer];
    const told = JSON.parse(first.toString()) as Record<string, string>;
    const credentials = {
      accessKeyId: told.AWS_ACCESS_KEY_ID!,
      secretAccessKey: told.AWS_SECRET_ACCESS_KEY!,
    };
    const endpoint = told.AWS_ENDPOINT_URL_SAGEMAKER!;
    const client = new SageMakerClient({ region: told.AWS_REGION!, endpoint, credentials });
    expect((await client.send(new ListEndpointsCommand({}))).Endpoints).to.deep.equal([]);
  });

  it("refuses to run twice in one folder, and says how to stop the first", async () => {
    const error = await new Promise<string>((resolve) =>
      execFile(process.execPath, args, { env }, (_, stdout, stderr) => resolve(stdout + stderr)),
    );
    expect(error)
      .to.match(/runs already, at http:\/\/127\.0\.0\.1:\d+/)
      .and.to.include("slipway local stop");
  });

  it("leaves nothing running", async () => {
    running.kill("SIGINT");
    expect(await once(running, "exit")).to.deep.equal([0, null]);
    expect(processes(`--home ${home}`)).to.deep.equal([]);
  });
});
