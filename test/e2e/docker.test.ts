import { expect } from "chai";
import { type Answer } from "../../automation/prediction";
import { run } from "../../automation/run";
import { Laptop } from "./laptop";

const publicBase = "public.ecr.aws/docker/library/python:3.11-slim";

/** Whether there is a Docker engine that has, or can pull, the image to build upon. */
async function canBuild(): Promise<boolean> {
  const docker = async (...args: string[]) => (await run("docker", args, { timeout: 120_000 })).code === 0;
  const base = process.env.SLIPWAY_BASE_IMAGE ?? publicBase;
  return (await docker("info")) && ((await docker("image", "inspect", base)) || (await docker("pull", base)));
}

describe("the demo in Docker", function () {
  this.timeout(600_000);
  const laptop = new Laptop({ SLIPWAY_EXECUTOR: "docker" });
  after(() => laptop.remove());

  it("builds the image, and processes, trains and serves in containers that go away with it", async function () {
    if (!(await canBuild())) this.skip(); // no Docker engine, or no base image to be had
    const { answer } = await laptop.json<{ answer: Answer }>("demo");
    expect(answer.predictions[0]).to.have.property("unit", "USD");
    const started = await containers(laptop.home);
    expect(started).to.have.length(1); // the endpoint's; the jobs' are gone
    const { stdout } = await run("docker", [
      "inspect",
      "--format",
      "{{json .Config.Entrypoint}}",
      started[0]!,
    ]);
    expect(JSON.parse(stdout)).to.deep.equal(["python", "-m", "slipway_model"]);
    expect((await laptop.slipway(["local", "stop"])).code).to.equal(0);
    expect(await containers(laptop.home)).to.deep.equal([]);
  });
});

/** The containers of a laptop cloud, running or not; others on this machine are not its business. */
async function containers(home: string): Promise<string[]> {
  const filter = `label=slipway.sagemaker.home=${home}`;
  const { stdout } = await run("docker", ["ps", "--all", "--quiet", "--filter", filter]);
  return stdout.split("\n").filter(Boolean);
}
