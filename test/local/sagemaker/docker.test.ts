import {
  CreateEndpointCommand,
  StopTrainingJobCommand,
  UpdateEndpointCommand,
} from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveImage } from "../../../local/images";
import { startLocal, stopLocal } from "../../../local/supervisor/client";
import { type ServiceSettings, services } from "../../../local/supervisor/services";
import {
  type Target,
  createConfig,
  endpointSettled,
  furnish,
  imageUri,
  invoke,
  killServer,
  startHanging,
  train,
  trainingEnd,
  until,
} from "./target";

const works = (...args: string[]) => spawnSync("docker", args, { stdio: "ignore" }).status === 0;
const baseImages = [process.env.BASE_IMAGE, "python:3.11-slim", "local/python:3.11-slim"].filter(
  (name) => name !== undefined,
);

describe("local SageMaker with the executor docker", function () {
  this.timeout(120_000);
  const home = mkdtempSync(join(tmpdir(), "slipway-laptop-"));
  let made: Target | undefined;
  const target = () => made as Target;

  before(async function () {
    if (!works("info")) {
      console.log("      skipped: there is no Docker engine (docker info fails)");
      return this.skip();
    }
    const base = baseImages.find((name) => works("image", "inspect", name));
    if (!base) {
      console.log(`      skipped: Docker has none of the base images ${baseImages.join(", ")}`);
      return this.skip();
    }
    const folder = join(__dirname, "image");
    const dockerImage = "slipway-test/tiny:1";
    execFileSync("docker", [
      "build",
      "--quiet",
      "--network",
      "host",
      "--build-arg",
      `BASE_IMAGE=${base}`,
      "--tag",
      dockerImage,
      folder,
    ]);
    saveImage(home, {
      uri: imageUri,
      digest: "sha256:1",
      entrypoint: ["python", "main.py"],
      env: {},
      dockerImage,
    });
    const some = (settings: ServiceSettings) => services(settings).filter(({ name }) => name !== "inbox");
    const state = await startLocal({ home, executor: "docker", services: some });
    made = await furnish({ home, state, stop: () => Promise.resolve() });
  });

  after(async () => {
    await stopLocal(home);
    rmSync(home, { recursive: true, force: true });
  });

  const containers = () =>
    execFileSync("docker", ["ps", "--all", "--quiet", "--filter", `label=slipway.sagemaker.home=${home}`])
      .toString()
      .trim();

  it("trains in a container, under /opt/ml", async () => {
    const job = await train(target(), "docker-train", { Environment: { COLOUR: "blue" } });
    expect(job.FailureReason).to.equal(undefined);
    expect(job.TrainingJobStatus).to.equal("Completed");
  });

  it("trains on two hosts that find each other by name", async () => {
    const job = await train(target(), "docker-hosts", {
      HyperParameters: { mode: "hosts" },
      ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 2, VolumeSizeInGB: 10 },
    });
    expect([job.TrainingJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
  });

  it("hands the failure file on", async () => {
    const job = await train(target(), "docker-fail", { HyperParameters: { mode: "fail" } });
    expect(job.FailureReason).to.equal("AlgorithmError: the numbers do not add up, exit code: 3");
  });

  it("stops a job with SIGTERM", async () => {
    const TrainingJobName = "docker-stop";
    await startHanging(target(), TrainingJobName);
    expect(containers()).not.to.equal("");
    await target().sagemaker.send(new StopTrainingJobCommand({ TrainingJobName }));
    const job = await trainingEnd(target(), TrainingJobName);
    expect(job.TrainingJobStatus).to.equal("Stopped");
    expect(containers()).to.equal("");
  });

  it("serves, updates and serves again after a crash of the server, which leaves no container behind", async () => {
    const modelUrl = "s3://numbers/models/docker-train/output/model.tar.gz";
    await createConfig(target(), "docker-one", modelUrl);
    await createConfig(target(), "docker-two", modelUrl);
    await target().sagemaker.send(
      new CreateEndpointCommand({ EndpointName: "docker", EndpointConfigName: "docker-one" }),
    );
    const endpoint = await endpointSettled(target(), "docker");
    expect(endpoint.FailureReason).to.equal(undefined);
    const answer = await invoke(target(), "docker");
    expect(answer.release).to.equal("docker-one");
    expect(answer.model.seen.COLOUR).to.equal("blue");
    await target().sagemaker.send(
      new UpdateEndpointCommand({ EndpointName: "docker", EndpointConfigName: "docker-two" }),
    );
    await endpointSettled(target(), "docker");
    expect((await invoke(target(), "docker")).release).to.equal("docker-two");
    killServer({ home });
    const again = await until(
      () => invoke(target(), "docker").catch(() => undefined),
      (value) => value !== undefined,
    );
    expect(again?.release).to.equal("docker-two");
    expect(containers().split("\n")).to.have.length(1);
    await stopLocal(home);
    expect(containers()).to.equal("");
  });
});
