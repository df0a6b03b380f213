import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataBucket } from "../../../components/data/data-bucket";
import { DeploymentPipeline, readPipelineSettings } from "../../../components/release/deployment-pipeline";
import { violations } from "../../policy/harness";
import { context, declare, failure, only } from "../mocks";

const settings = {
  connection: "arn:aws:codeconnections:us-east-1:123456789012:connection/0a0b",
  repository: "acme/taxis/slipway",
  branch: "dev",
  role: "arn:aws:iam::123456789012:role/pipeline-dev",
  state: "s3://acme-state?region=us-east-1",
};

const made = () =>
  declare(() => {
    const data = new DataBucket("data", { context, deleteData: true });
    void new DeploymentPipeline("deployment", { context, data, settings, logRetentionDays: 30 });
  });

/** The setting as the program reads it. */
async function read(codePipeline: object) {
  let found: ReturnType<typeof readPipelineSettings>;
  await declare(() => void (found = readPipelineSettings(new pulumi.Config())), {
    config: { "slipway:codePipeline": JSON.stringify(codePipeline) },
  });
  return found;
}

describe("DeploymentPipeline", () => {
  it("fetches the branch and has CodeBuild run buildspec.yml, one push at a time", async () => {
    const declared = await made();
    const { stages, executionMode, roleArn } = only(declared, "Pipeline") as {
      stages: { actions: { configuration: Record<string, string> }[] }[];
      executionMode: string;
      roleArn: string;
    };
    expect(executionMode).to.equal("QUEUED");
    expect(roleArn).to.equal(settings.role);
    const [fetch, deploy] = stages.map(({ actions }) => actions[0]!.configuration);
    expect(fetch).to.include({ FullRepositoryId: "acme/taxis/slipway", BranchName: "dev" });
    const build = only(declared, "Project");
    expect(deploy!["ProjectName"]).to.equal(build["name"]);
    expect(build["serviceRole"]).to.equal(settings.role);
    const { buildspec } = build["source"] as { buildspec: string };
    expect(existsSync(join(__dirname, "..", "..", "..", buildspec))).to.equal(true);
    const { environmentVariables } = build["environment"] as {
      environmentVariables: { name: string; value: string }[];
    };
    expect(environmentVariables).to.deep.include({ name: "STACK", value: "dev" });
    expect(environmentVariables).to.deep.include({ name: "PULUMI_BACKEND_URL", value: settings.state });
  });

  it("makes no role, and breaks no policy", async () => {
    const declared = await made();
    expect(declared.map(({ type }) => type).filter((type) => type.includes("iam/"))).to.deep.equal([]);
    const shown = declared.map((each) => ({ ...each, props: each.state }));
    expect(await violations(shown)).to.deep.equal([]);
  });

  it("is there only when it is asked for", async () => {
    expect(await read({})).to.equal(undefined);
    expect(await read(settings)).to.deep.equal(settings);
  });

  it("names what is missing, wrong or unknown, and the fix", async () => {
    expect(await failure(() => read({ ...settings, role: undefined })))
      .to.contain("codePipeline.role")
      .and.contain("the ARN of a role that may deploy the stack");
    expect(await failure(() => read({ ...settings, repository: "slipway" })))
      .to.contain('"slipway"')
      .and.contain("owner/name");
    expect(await failure(() => read({ ...settings, branches: "x" }))).to.contain(
      "there are connection, repository",
    );
  });
});
