import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Newcomer } from "./newcomer";
import { Terraform } from "../local/terraform";
import { Workshop } from "./workshop";

const repository = "acme/slipway";

describe("docs/deploy.md, followed by a newcomer", function () {
  this.timeout(600_000);
  const workshop = new Workshop();
  let terraform: Terraform;
  let newcomer: Newcomer | undefined;

  before(async function () {
    if (!(await Terraform.isThere())) this.skip();
    await workshop.json("local", "start");
    const environment = await workshop.json<Record<string, string>>("local", "env");
    terraform = new Terraform(join(workshop.folder, "terraform-bootstrap"), environment);
    newcomer = await Newcomer.at(workshop, environment, repository);
  });
  after(async () => {
    newcomer?.leave();
    await workshop.remove();
  });

  it("leads from an empty account to pushes of dev and main", async () => {
    await newcomer!.follow("bash");
    expect(newcomer!.pushed()).to.deep.equal(["dev", "main"]);
    const answer = JSON.parse(await terraform.succeed("output", "-json")) as Record<string, { value: never }>;
    const made = (name: string) => answer[name]!.value as string;
    const roles = answer.role_arns!.value as Record<string, string>;
    expect(Object.fromEntries(newcomer!.github.variables)).to.deep.equal({
      AWS_REGION: "us-east-1",
      SLIPWAY_PREVIEW_ROLE_ARN: roles.preview,
      SLIPWAY_DEPLOY_DEV_ROLE_ARN: roles["deploy-dev"],
      SLIPWAY_DEPLOY_MAIN_ROLE_ARN: roles["deploy-main"],
      SLIPWAY_DEPLOY_PR_ROLE_ARN: roles["deploy-pr"],
      SLIPWAY_STATE_BACKEND: made("state_url"),
      SLIPWAY_SECRETS_PROVIDER: made("secrets_provider"),
    });
    const { environments } = newcomer!.github;
    expect(environments.get("main")!.branches.map(({ name }) => name)).to.deep.equal(["main"]);
    expect(environments.get("preview-stack")!.branches).to.deep.equal([]);
    expect(readFileSync(join(workshop.folder, "Pulumi.dev.yaml"), "utf8"))
      .to.contain(`secretsprovider: ${made("secrets_provider")}`)
      .and.contain(`slipway:permissionsBoundary: ${made("workload_boundary_arn")}`);
  });

  it("changes nothing when it is done again", async () => {
    const { code, stdout } = await terraform.run("plan", "-input=false", "-detailed-exitcode");
    expect(code, stdout).to.equal(0);
    expect(await newcomer!.run("npx slipway bootstrap"))
      .to.match(/^unchanged Pulumi.dev.yaml$/m)
      .and.not.match(/^(created|updated) /m);
  });

  it("leaves when the newcomer wants to: the stack goes, with its data", async () => {
    await newcomer!.follow("leaving", "npx slipway destroy dev");
  });
});
