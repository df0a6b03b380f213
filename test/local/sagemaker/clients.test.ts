import {
  CreateEndpointCommand,
  DeleteEndpointCommand,
  ListTagsCommand,
  waitUntilEndpointDeleted,
  waitUntilEndpointInService,
} from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { dependencies } from "../../../package.json";
import { clientEnvironment } from "../../../local/state";
import { venvPython } from "../../../local/supervisor/services";
import { failure } from "../laptop";
import { Terraform } from "../terraform";
import { documented } from "./documented";
import {
  type Answer,
  type Target,
  bucket,
  createConfig,
  endpointSettled,
  imageUri,
  invoke,
  target,
  train,
} from "./target";

const run = promisify(execFile);

/** Version of a Python package that the tests pin. */
function pinned(name: string): string {
  const requirements = readFileSync(join(__dirname, "..", "..", "requirements.txt"), "utf8");
  return new RegExp(`^${name}==(.+)$`, "m").exec(requirements)![1]!;
}

/** Clients that we did not write. What works is in a table of docs/local-sagemaker.md: WRITE_DOCS=1 writes it there. */
describe("clients of others on the local SageMaker", function () {
  this.timeout(180_000);
  let made: Target;
  const rows: string[] = [];
  before(async () => {
    made = await target();
  });

  /** A test, and a line of the table once it has passed. */
  function works(
    client: string,
    version: string,
    what: string,
    work: (context: Mocha.Context) => Promise<void>,
  ) {
    it(`${client}: ${what}`, async function () {
      await work(this);
      rows.push(`| ${client} | ${version} | ${what} |`);
    });
  }

  const python = (script: string, args: string[], env: NodeJS.ProcessEnv) =>
    run(venvPython, [join(__dirname, "clients", script), ...args], { env });

  works(
    ...["boto3", pinned("boto3")],
    "trains, waits, deploys, invokes, lists and deletes, given an endpoint URL alone",
    async () => {
      const { state } = made.laptop;
      const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION } = clientEnvironment(state);
      const env = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION, PATH: process.env.PATH };
      const args = [state.sagemakerUrl, made.roleArn, imageUri, bucket];
      const { stdout } = await python("boto3_client.py", args, env);
      const answer = JSON.parse(stdout) as Answer;
      expect(answer.body).to.equal("from boto3");
      expect(answer.model.sum).to.equal(6);
    },
  );

  works(
    ...["SageMaker Python SDK", pinned("sagemaker")],
    "`Estimator.fit` with its log, `deploy`, `Predictor.predict`, `Transformer`, deletion",
    async () => {
      const env = {
        ...{ ...clientEnvironment(made.laptop.state), PATH: process.env.PATH, HOME: made.laptop.home },
        SAGEMAKER_USER_CONFIG_OVERRIDE: join(__dirname, "clients", "sdk_config.yaml"),
        SAGEMAKER_SUPPRESS_V2_WARNING: "1",
      };
      const { stdout } = await python("sdk_client.py", [made.roleArn, imageUri, bucket], env);
      expect(stdout).to.contain("metric sum=6"); // the training job's log
      expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).to.deep.equal({
        ...{ status: "Completed", metrics: { sum: 6 }, answer: { "asked by": "the SDK" }, model: 6 },
        doubled: ["8", "10", "12"],
      });
    },
  );

  works("AWS CLI", pinned("awscli"), "`describe-training-job` with a query", async () => {
    await train(made, "for-the-cli");
    const env = { ...clientEnvironment(made.laptop.state), PATH: process.env.PATH, AWS_PAGER: "" };
    const aws = join(dirname(venvPython), "aws");
    const query = "[TrainingJobStatus, ResourceConfig.InstanceType]";
    const arguments_ = ["sagemaker", "describe-training-job", "--training-job-name", "for-the-cli"];
    const { stdout } = await run(aws, [...arguments_, "--query", query, "--output", "text"], { env });
    expect(stdout.trim().split(/\s+/)).to.deep.equal(["Completed", "ml.m5.large"]);
  });

  works(
    ...["AWS SDK for JavaScript", dependencies["@aws-sdk/client-sagemaker"]],
    "everything that Slipway does; its waiters for endpoints",
    async () => {
      const { sagemaker: client } = made;
      const { ModelArtifacts } = await train(made, "for-javascript");
      await createConfig(made, "for-javascript", ModelArtifacts?.S3ModelArtifacts ?? "");
      const EndpointName = "for-javascript";
      await client.send(new CreateEndpointCommand({ EndpointName, EndpointConfigName: EndpointName }));
      const patience = { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
      await waitUntilEndpointInService(patience, { EndpointName });
      expect((await invoke(made, EndpointName, "from JavaScript")).body).to.equal("from JavaScript");
      await client.send(new DeleteEndpointCommand({ EndpointName }));
      await waitUntilEndpointDeleted(patience, { EndpointName });
    },
  );

  works(
    ...["Terraform's provider hashicorp/aws", "as installed"],
    "`aws_sagemaker_model`, `_endpoint_configuration`, `_endpoint`, `_model_package_group`: apply, an empty second plan, update in place, destroy",
    async (context) => {
      if (!(await Terraform.isThere())) context.skip();
      const { ModelArtifacts } = await train(made, "for-terraform");
      const folder = mkdtempSync(join(tmpdir(), "slipway-terraform-"));
      try {
        cpSync(join(__dirname, "clients", "terraform"), folder, { recursive: true });
        const terraform = new Terraform(folder, {
          ...clientEnvironment(made.laptop.state),
          TF_VAR_role_arn: made.roleArn,
          TF_VAR_image: imageUri,
          TF_VAR_model_data_url: ModelArtifacts?.S3ModelArtifacts ?? "",
        });
        await terraform.init();
        await useTerraform(terraform);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  async function useTerraform(terraform: Terraform): Promise<void> {
    const release = (name: string) => `-var=release=${name}`;
    const change = (verb: string, name: string) =>
      terraform.succeed(verb, "-input=false", "-auto-approve", release(name));
    const plan = async (name: string) =>
      (await terraform.run("plan", "-input=false", "-detailed-exitcode", release(name))).code;
    const [nothingToDo, something] = [0, 2];

    expect(await change("apply", "a")).to.contain("4 added, 0 changed, 0 destroyed");
    expect((await invoke(made, "terraform")).release).to.equal("a");
    const { EndpointArn } = await endpointSettled(made, "terraform");
    const { Tags } = await made.sagemaker.send(new ListTagsCommand({ ResourceArn: EndpointArn }));
    expect(Tags).to.deep.equal([{ Key: "team", Value: "fares" }]);
    expect(await plan("a")).to.equal(nothingToDo);

    expect(await plan("b")).to.equal(something);
    expect(await change("apply", "b")).to.contain("2 added, 1 changed, 2 destroyed");
    expect((await invoke(made, "terraform")).release).to.equal("b");
    expect(await plan("b")).to.equal(nothingToDo);

    expect(await change("destroy", "b")).to.contain("4 destroyed");
    const error = await failure(endpointSettled(made, "terraform"));
    expect(error.message).to.contain("Could not find endpoint");
  }

  it("are in the documentation, each with what was seen to work", () => {
    expect(documented("clients", rows)).to.include.members(rows);
  });
});
