import {
  CreateEndpointCommand,
  StopTrainingJobCommand,
  UpdateEndpointCommand,
} from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { saveImage } from "../../../local/images";
import { belongings, buildImage, dockerTarget, missing, stopDockerTarget } from "./docker-target";
import {
  type Target,
  createConfig,
  endpointSettled,
  imageUri,
  invoke,
  killServer,
  readObject,
  startHanging,
  train,
  trainingEnd,
  until,
} from "./target";

describe("local SageMaker with the executor docker", function () {
  this.timeout(120_000);
  let made: Target | undefined;
  const target = () => made as Target;

  before(async function () {
    const reason = missing();
    if (reason) {
      console.log(`      skipped: ${reason}`);
      return this.skip();
    }
    const dockerImage = "slipway-test/tiny:1";
    await buildImage(dockerImage, join(__dirname, "image"));
    made = await dockerTarget();
    saveImage(made.laptop.home, {
      uri: imageUri,
      digest: "sha256:1",
      entrypoint: ["python", "main.py"],
      env: {},
      dockerImage,
    });
  });

  const containers = () => belongings(target().laptop.home, "ps", "--all");

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
    expect(belongings(target().laptop.home, "network", "ls")).to.have.length(1); // the job's own has gone
  });

  it("keeps an isolated container from the laptop's cloud, which others reach", async () => {
    const { port } = new URL(target().laptop.state.cloudUrl);
    const reached = async (EnableNetworkIsolation: boolean) => {
      const name = `docker-${EnableNetworkIsolation ? "isolated" : "open"}`;
      const HyperParameters = { mode: "reach", host: "169.254.170.2", port };
      const job = await train(target(), name, { EnableNetworkIsolation, HyperParameters });
      expect([job.TrainingJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
      const archive = await readObject(target(), `models/${name}/output/model.tar.gz`);
      return gunzipSync(archive).toString();
    };
    const [open, isolated] = await Promise.all([reached(false), reached(true)]);
    expect(open).to.contain('{"reached": true}');
    expect(isolated).to.contain('{"reached": false}');
  });

  it("hands the failure file on", async () => {
    const job = await train(target(), "docker-fail", { HyperParameters: { mode: "fail" } });
    expect(job.FailureReason).to.equal("AlgorithmError: the numbers do not add up, exit code: 3");
  });

  it("stops a job with SIGTERM", async () => {
    const TrainingJobName = "docker-stop";
    await startHanging(target(), TrainingJobName);
    expect(containers()).to.have.length(1);
    await target().sagemaker.send(new StopTrainingJobCommand({ TrainingJobName }));
    const job = await trainingEnd(target(), TrainingJobName);
    expect(job.TrainingJobStatus).to.equal("Stopped");
    expect(containers()).to.deep.equal([]);
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
    killServer(target().laptop);
    const again = await until(
      () => invoke(target(), "docker").catch(() => undefined),
      (value) => value !== undefined,
    );
    expect(again?.release).to.equal("docker-two");
    expect(containers()).to.have.length(1);
    await stopDockerTarget();
    expect(containers()).to.deep.equal([]);
    expect(belongings(target().laptop.home, "network", "ls")).to.deep.equal([]);
  });
});
