import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatRelease } from "../../components/release/current-release";
import program from "../../index";
import { Terraform } from "../local/terraform";
import { configuration, everything, parameters, release, scaled } from "./configurations";
import { type Declared, declare } from "./mocks";
import { type Block, TerraformJson } from "./terraform-json";

type Schemas = Record<string, { block: Block }>;

/** As `terraform validate -json` and `terraform plan -json` print it. */
interface Diagnostic {
  summary: string;
  detail: string;
  snippet?: { context?: string };
}

describe("the program, by the rules of Terraform's AWS provider", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "slipway-rules-"));
  const terraform = new Terraform(folder, { AWS_ACCESS_KEY_ID: "none", AWS_SECRET_ACCESS_KEY: "none" });
  let schemas: Schemas;

  function write(resource?: object): void {
    const required_providers = { aws: { source: "hashicorp/aws" } };
    const skipped = ["credentials_validation", "requesting_account_id", "metadata_api_check"];
    const settings = Object.fromEntries(skipped.map((name) => [`skip_${name}`, true]));
    const provider = { aws: { region: "us-east-1", ...settings } };
    const configuration = { terraform: { required_providers }, provider, resource };
    writeFileSync(join(folder, "main.tf.json"), JSON.stringify(configuration));
  }

  before(async function () {
    if (!(await Terraform.isThere())) return this.skip();
    write();
    await terraform.init();
    const printed = await terraform.succeed("providers", "schema", "-json");
    const { provider_schemas: providers } = JSON.parse(printed) as {
      provider_schemas: Record<string, { resource_schemas: Schemas }>;
    };
    schemas = providers["registry.terraform.io/hashicorp/aws"]!.resource_schemas;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What the provider says against these resources when it validates and plans them. */
  async function refusals(declared: Declared[]): Promise<string[]> {
    const { resource, problems } = new TerraformJson(
      schemas,
      declared.filter(({ type }) => type.startsWith("aws:")),
    );
    if (problems.length > 0) return problems;
    write(resource);
    const validated = await terraform.run("validate", "-json");
    const { diagnostics } = JSON.parse(validated.stdout) as { diagnostics: Diagnostic[] };
    if (diagnostics.length > 0) return diagnostics.map(told);
    const planned = await terraform.run("plan", "-json", "-input=false", "-lock=false");
    const lines = planned.stdout.split("\n").filter((line) => line.includes('"diagnostic"'));
    return lines.map((line) => told((JSON.parse(line) as { diagnostic: Diagnostic }).diagnostic));
  }

  const told = ({ summary, detail, snippet }: Diagnostic) => `${snippet?.context}: ${summary}: ${detail}`;

  for (const [stack, changes] of [
    ["dev", everything],
    ["main", scaled],
  ] as const) {
    it(`is valid and can be planned, on ${stack} with all that can be switched on`, async () => {
      const ofStack = { ...parameters, [`/slipway/${stack}/release`]: formatRelease(release) };
      const config = configuration(stack, changes);
      expect(await refusals(await declare(program, { stack, config, parameters: ofStack }))).to.deep.equal(
        [],
      );
    });
  }

  it("would not be with a property or a value that the provider does not have", async () => {
    const group = (inputs: Record<string, unknown>): Declared => ({
      ...{ type: "aws:cloudwatch/logGroup:LogGroup", name: "logs", inputs, state: {} },
    });
    expect(await refusals([group({ name: "logs", retentionInDays: 7 })])).to.deep.equal([]);
    expect(await refusals([group({ name: "logs", colour: "red" })])).to.deep.equal([
      "aws:cloudwatch/logGroup:LogGroup has no colour",
    ]);
    const [refusal] = await refusals([group({ name: "logs", retentionInDays: 8 })]);
    expect(refusal).to.match(/logs.*: expected retention_in_days to be one of/);
  });
});
