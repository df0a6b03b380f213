import { LocalWorkspace, type PulumiFn } from "@pulumi/pulumi/automation";
import * as aws from "@pulumi/aws";
import { expect } from "chai";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parse } from "yaml";
import { locatePulumi } from "../../automation/pulumi-cli/find";
import { policyFolder, policyPluginFolder } from "../../automation/policy-pack";
import { installPlugins } from "../../local/providers/install";
import { failure } from "../local/laptop";

const projectFile = parse(readFileSync(join(__dirname, "..", "..", "Pulumi.yaml"), "utf8")) as {
  config: Record<string, unknown>;
};
const tags = { Project: "slipway", Stack: "dev", ManagedBy: "pulumi" };

describe("the policy pack on the stock engine", function () {
  this.timeout(120_000);
  const home = mkdtempSync(join(tmpdir(), "slipway-policy-"));
  after(() => rmSync(home, { recursive: true, force: true }));

  /** Previews a program on stack dev, with the project's naming and the laptop's plugins; nothing is made. */
  async function preview(program: PulumiFn) {
    const pulumiCommand = await locatePulumi();
    if (!pulumiCommand) return undefined;
    const [pulumiHome, backend] = [join(home, "pulumi-home"), join(home, "state")];
    installPlugins(pulumiHome);
    mkdirSync(backend, { recursive: true });
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: "dev", projectName: "slipway", program },
      {
        pulumiCommand,
        projectSettings: {
          ...{ name: "slipway", runtime: "nodejs" },
          // its type knows no structured values
          config: { "pulumi:autonaming": projectFile.config["pulumi:autonaming"] } as never,
        },
        envVars: {
          ...{ PULUMI_HOME: pulumiHome, PULUMI_BACKEND_URL: `file://${backend}`, SLIPWAY_LOCAL_HOME: home },
          ...{ PULUMI_CONFIG_PASSPHRASE: "test", PULUMI_SKIP_UPDATE_CHECK: "true", AWS_REGION: "us-east-1" },
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
          PATH: [process.env.PATH, policyPluginFolder].join(delimiter),
        },
      },
    );
    const names: unknown[] = [];
    const advice: string[] = [];
    await stack.preview({
      policyPacks: [policyFolder],
      onEvent: ({ resourcePreEvent, policyEvent }) => {
        const { type, new: made } = resourcePreEvent?.metadata ?? {};
        if (type?.startsWith("aws:")) names.push((made?.inputs as { name: unknown }).name);
        if (policyEvent) advice.push(policyEvent.message);
      },
    });
    return { names, advice };
  }

  it("stops a preview of what violates it, and says why", async function () {
    if (!(await locatePulumi())) this.skip();
    const error = await failure(
      preview(() => Promise.resolve(void new aws.sqs.Queue("jobs", { tags: { ...tags, Stack: "main" } }))),
    );
    expect(error.message).to.contain("jobs: sqsManagedSseEnabled is not set: write true");
    expect(error.message).to.contain(`jobs: tags.Stack is "main": write 'dev'`);
  });

  it("lets pass what keeps to it, under a name that says project and stack", async function () {
    if (!(await locatePulumi())) this.skip();
    const answer = await preview(() =>
      Promise.resolve(void new aws.sqs.Queue("jobs", { sqsManagedSseEnabled: true, tags })),
    );
    expect(answer?.advice).to.deep.equal([]);
    expect(answer?.names).to.have.length(1);
    expect(answer?.names[0]).to.match(/^slipway-dev-jobs-[0-9a-f]{4}$/);
  });
});
