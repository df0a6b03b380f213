import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { formatRelease } from "../../components/current-release";
import program from "../../index";
import { type Declared, declare, failure, only, statements } from "./mocks";

const root = join(__dirname, "..", "..");

interface Project {
  config: Record<string, { type: string; default?: unknown; description?: string }>;
}

const readYaml = (file: string) => parse(readFileSync(join(root, file), "utf8")) as Record<string, unknown>;
const project = readYaml("Pulumi.yaml") as unknown as Project;

/** The stack's configuration as the engine hands it to the program. */
function configuration(stack: string, changes: Record<string, unknown> = {}): Record<string, string> {
  const defaults = Object.entries(project.config).map(([name, value]) => [`slipway:${name}`, value.default]);
  const own = (readYaml(`Pulumi.${stack}.yaml`) as { config: Record<string, unknown> }).config;
  const merged = { ...Object.fromEntries(defaults), ...own, ...changes } as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(merged).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

const release = {
  id: "0123456789ab",
  imageUri: "i@sha256:0a",
  modelDataUrl: "s3://b/m.tar.gz",
  modelPackageArn: "arn",
};
const parameters = { "/slipway/dev/release": formatRelease(release) };

/** Resources that AWS lets nobody tag, or that Pulumi's component already tags. */
const untagged = new RegExp(
  "slipway:|pulumi:|docker:|:Bucket.+|:Alias$|:RolePolicy|:LogResourcePolicy|:EventTarget|:QueuePolicy|" +
    ":TopicSubscription|appautoscaling/policy|:Permission|:EventSourceMapping|:Resource$|:Method|:Integration|:Deployment|:UsagePlanKey",
);

describe("the program", () => {
  for (const stack of ["dev", "main", "local"]) {
    it(`declares the stack ${stack} before its first release: everything but the endpoint`, async () => {
      const declared = await declare(program, { config: configuration(stack) });
      expect(declared.map(({ type }) => type)).to.include("aws:apigateway/stage:Stage");
      expect(declared.filter(({ type }) => type.includes("sagemaker/endpoint"))).to.deep.equal([]);
      expect(only(declared, "Parameter").insecureValue).to.equal("none");
    });
  }

  it("is the same in a first preview, when all that AWS makes up is unknown", async () => {
    const config = configuration("dev");
    const names = (declared: Declared[]) => declared.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await declare(program, { config, preview: true }))).to.deep.equal(
      names(await declare(program, { config })),
    );
  });

  it("serves the release that the stack's parameter names, and leaves the parameter as it is", async () => {
    const declared = await declare(program, { config: configuration("dev"), parameters });
    expect(only(declared, "Endpoint").name).to.equal("slipway-dev-serverless");
    expect(only(declared, "Parameter").insecureValue).to.equal(parameters["/slipway/dev/release"]);
  });

  it("is serverless on dev and real-time on main", async () => {
    const kind = async (stack: string) => {
      const declared = await declare(program, { config: configuration(stack), parameters });
      return only(declared, "Endpoint").name;
    };
    expect(await kind("dev")).to.equal("slipway-dev-serverless");
    expect(await kind("main")).to.equal("slipway-dev-real-time"); // the mocks' stack is always dev
  });

  it("tags everything that can be tagged", async () => {
    const scaled = { "slipway:instanceType": "ml.m5.large", "slipway:maxInstanceCount": 4 };
    const declared = await declare(program, { config: configuration("main", scaled), parameters });
    const bare = declared.filter(
      ({ type, inputs }) => !untagged.test(type) && !(inputs.tags as object | undefined),
    );
    expect(bare.map(({ type, name }) => `${type} ${name}`)).to.deep.equal([]);
  });

  it("grants no action by wildcard, and all resources only where AWS knows no narrower ones", async () => {
    const declared = await declare(program, { config: configuration("dev"), parameters });
    const granted = declared
      .filter(({ type }) => type.endsWith(":RolePolicy"))
      .flatMap(({ inputs }) => statements(inputs))
      .map(({ Action, Resource }) => ({
        actions: [Action].flat() as string[],
        resources: [Resource].flat() as string[],
      }));
    expect(granted.flatMap(({ actions }) => actions).filter((action) => action.includes("*"))).to.deep.equal(
      [],
    );
    const everywhere = granted
      .filter(({ resources }) => resources.includes("*"))
      .flatMap(({ actions }) => actions);
    expect([...new Set(everywhere)].sort()).to.deep.equal([
      "cloudwatch:PutMetricData",
      "ecr:GetAuthorizationToken",
    ]);
  });

  it("lets the public in with a key only, and throttles each key", async () => {
    const declared = await declare(program, { config: configuration("dev") });
    expect(only(declared, "Method").apiKeyRequired).to.equal(true);
    expect(only(declared, "UsagePlan").throttleSettings).to.deep.equal({ rateLimit: 10, burstLimit: 20 });
  });

  it("describes every setting in Pulumi.yaml", () => {
    for (const [name, { type, description }] of Object.entries(project.config)) {
      expect(type, name).to.match(/^(string|integer|boolean|array|object)$/);
      expect(description, name).to.match(/\.$/);
    }
  });

  it("names a kind of endpoint that there is not, and where to put it right", async () => {
    const config = configuration("dev", { "slipway:endpoint": "async" });
    expect(await failure(() => declare(program, { config }))).to.equal(
      `endpoint is "async": write 'serverless' or 'real-time' into Pulumi.dev.yaml`,
    );
  });
});
