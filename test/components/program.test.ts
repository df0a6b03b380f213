import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stackName } from "../../automation/stack-name";
import { formatRelease } from "../../components/release/current-release";
import { longestSourceName } from "../../components/sources/data-source";
import program from "../../index";
import { findType } from "../../local/providers/aws/types";
import { proposedName } from "../../local/providers/shared/names";
import { type Rule } from "../../local/providers/shared/resource";
import { violations } from "../policy/harness";
import {
  allSources,
  configuration,
  everything,
  parameters,
  pattern,
  release,
  root,
  scaled,
  settings,
} from "./configurations";
import { type Declared, declare, failure, only } from "./mocks";

/** What the policy pack says of a stack of the program: of its resources, and of its outputs. */
async function policyViolations(stack: string, changes: Record<string, unknown> = {}): Promise<string[]> {
  let outputs: Record<string, unknown> = {};
  const work = async () => {
    const result = await program();
    pulumi.output(result).apply((known) => (outputs = known));
    return result;
  };
  const ofStack = { [`/slipway/${stack}/release`]: formatRelease(release) };
  const declared = await declare(work, { stack, config: configuration(stack, changes), parameters: ofStack });
  const isStack = ({ type }: Declared) => type === "pulumi:pulumi:Stack";
  const resources = declared.map((each) => ({ ...each, props: isStack(each) ? outputs : each.state }));
  expect(resources.filter(isStack)).to.have.length(1);
  expect(outputs).to.include.keys("deleteDataOnDestroy", "trainingInstanceType", "gate");
  const advice = await violations(resources, { stack, level: "advisory" });
  return [...(await violations(resources, { stack })), ...advice];
}

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
      const ofStack = { [`/slipway/${stack}/release`]: formatRelease(release) };
      const declared = await declare(program, { stack, config: configuration(stack), parameters: ofStack });
      return only(declared, "Endpoint").name;
    };
    expect(await kind("dev")).to.equal("slipway-dev-serverless");
    expect(await kind("main")).to.equal("slipway-main-real-time");
  });

  it("violates no policy, with all that can be switched on", async () => {
    expect(await policyViolations("dev", everything)).to.deep.equal([]);
    expect(await policyViolations("main", scaled)).to.deep.equal([]);
  });

  it("violates the policies of main when its configuration lets go of them", async () => {
    const careless = {
      "slipway:deleteDataOnDestroy": true,
      ...{ "slipway:endpoint": "serverless", "slipway:approval": "none", "slipway:logRetentionDays": 7 },
      "slipway:trainingInstanceType": "ml.p4d.24xlarge",
    };
    const found = await policyViolations("main", careless);
    expect([...new Set(found.map((message) => message.split(":")[0]))]).to.have.members([
      ...["guardrails", "log-retention", "release-guardrails", "training-limits"],
    ]);
  });

  it("has no source that is not switched on, and those that are, in a first preview, too", async () => {
    const lambdas = async (changes: object, preview: boolean) =>
      (await declare(program, { config: configuration("dev", changes as Record<string, unknown>), preview }))
        .filter(({ type }) => type === "slipway:compute:LambdaHandler")
        .map(({ name }) => name)
        .filter((name) => name.startsWith("sources-") && name.endsWith("-ingest"));
    const all = Object.keys(allSources["slipway:sources"]).map((name) => `sources-${name}-ingest`);
    expect(await lambdas({}, false)).to.deep.equal([]);
    expect(await lambdas(allSources, false)).to.have.members(all);
    expect(await lambdas(allSources, true)).to.have.members(all);
  });

  it("has names that AWS takes, in the stack and with the source of the longest names", async () => {
    const stack = "pr-999999";
    expect(stackName(stack)).to.equal(stack);
    expect(() => stackName(`${stack}9`)).to.throw("There is no stack");
    const settings = Object.values(allSources["slipway:sources"]);
    const named = settings.map((one, index): [string, unknown] => [
      `${"s".repeat(longestSourceName - 1)}${index}`,
      one,
    ]);
    const longest = Object.fromEntries(named) as Record<string, unknown>;
    const config = configuration("main", { ...everything, "slipway:sources": longest });
    const problems: string[] = [];
    for (const { type, name, inputs } of await declare(program, { config, parameters })) {
      const rules = Object.entries((await findType(type))?.inputs ?? {}) as [string, Rule][];
      for (const [property, { autoName }] of rules) {
        if (!autoName || inputs[property] !== undefined || inputs[`${property}Prefix`] !== undefined)
          continue;
        const ofStack = pattern.replace("${project}", "slipway").replace("${stack}", stack);
        const proposed = ofStack.replace("${name}", name).replace("${hex(4)}", "0a1b");
        const made = proposedName(autoName, { mode: "propose", proposedName: proposed }, inputs);
        if ("problem" in made) problems.push(made.problem);
      }
    }
    expect(problems).to.deep.equal([]);
  });

  it("names a kind of source that there is not, and the kinds that there are", async () => {
    const config = configuration("dev", { "slipway:sources": { tapes: { kind: "tape" } } });
    expect(await failure(() => declare(program, { config }))).to.equal(
      `sources.tapes.kind is "tape": write one of s3, http, kinesis, dynamodb, rds, redshift into Pulumi.dev.yaml`,
    );
  });

  it("lets the public in with a key only, and throttles each key", async () => {
    const declared = await declare(program, { config: configuration("dev") });
    const methods = declared.filter(({ type }) => type.endsWith(":Method"));
    const open = methods.filter(({ inputs }) => inputs.apiKeyRequired !== true).map(({ name }) => name);
    expect(open.sort()).to.deep.equal([
      ...["api-health-get", "api-openapi-json-get", "api-root-get", "api-schema-get"],
    ]);
    expect(only(declared, "UsagePlan", "api-plan").throttleSettings).to.deep.equal({
      rateLimit: 10,
      burstLimit: 20,
    });
  });

  it("names a setting of batches that cannot be, and what can", async () => {
    const message = (changes: Record<string, unknown>) =>
      failure(() => declare(program, { config: configuration("dev", changes) }));
    expect(await message({ "slipway:batchRetentionDays": 0 })).to.match(
      /^batchRetentionDays is "0": write a/,
    );
    expect(await message({ "slipway:batchInstanceType": "m5.large" })).to.match(/such as ml\.m5\.large$/);
    expect(await message({ "slipway:batchMaxMegabytes": 5000 })).to.include("from 1 to 1000 (megabytes)");
  });

  it("has pages and routes for subscriptions only when they are switched on", async () => {
    const routes = async (changes: Record<string, unknown>) =>
      (await declare(program, { config: configuration("dev", changes) }))
        .filter(({ type }) => type.endsWith(":Method"))
        .map(({ name, inputs }) => [name, inputs.apiKeyRequired])
        .filter(([name]) => /subscri/.test(name as string));
    expect(await routes({})).to.deep.equal([]);
    expect(await routes({ "slipway:publicSubscriptions": true })).to.have.deep.members([
      ["api-subscriptions-post", true],
      ["api-subscriptions-removals-post", false],
      ["api-unsubscribe-get", false],
      ["api-unsubscribe-post", false],
    ]);
  });

  it("takes addresses in short form, and names one that is in both", async () => {
    const both = {
      "slipway:emails": ["ann@example.com"],
      "slipway:subscribers": [{ protocol: "email", endpoint: "ann@example.com" }],
    };
    const config = configuration("dev", both);
    expect(await failure(() => declare(program, { config }))).to.match(/give each endpoint once/);
    const bad = configuration("dev", { "slipway:emails": ["ann"] });
    expect(await failure(() => declare(program, { config: bad }))).to.equal(
      'emails is "ann": give addresses like name@example.com',
    );
  });

  it("tells the predictor what to announce, and names what cannot be asked for", async () => {
    const config = (announcing: object) =>
      configuration("dev", { "slipway:announcePredictions": announcing });
    const declared = await declare(program, { config: config({ share: 0.1, above: 50 }) });
    const { variables } = only(declared, "Function", "api-predict-function").environment as {
      variables: Record<string, string>;
    };
    expect(JSON.parse(variables.ANNOUNCING ?? "")).to.deep.equal({ share: 0.1, above: 50 });
    for (const [announcing, message] of [
      [{ share: 10 }, "announcePredictions.share is 10: give a number from 0 (none) to 1 (all)"],
      [
        { over: 5 },
        "announcePredictions.over is 5: leave it out: there are share, above, below, wider, classes",
      ],
      [{ above: "5" }, 'announcePredictions.above is "5": give a number'],
      [{ classes: [] }, "announcePredictions.classes is []: give a list of classes"],
    ] as const) {
      expect(await failure(() => declare(program, { config: config(announcing) }))).to.equal(message);
    }
  });

  it("describes every setting in Pulumi.yaml", () => {
    for (const [name, { type, description }] of Object.entries(settings)) {
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

  it("is what the deploy roles of terraform-bootstrap may create and change: every resource, and nothing else", async () => {
    interface Permission {
      sid: string;
      why?: string;
      types: string[];
      resources: string[];
    }
    const file = join(root, "terraform-bootstrap", "permissions.json");
    const permissions = JSON.parse(readFileSync(file, "utf8")) as Permission[];
    const declared = [
      ...(await declare(program, { config: configuration("dev", everything), parameters })),
      ...(await declare(program, {
        config: configuration("main", scaled),
        parameters: { "/slipway/main/release": formatRelease(release), ...parameters },
      })),
    ];
    const types = new Set(
      declared.map(({ type }) => type).filter((type) => !/^(slipway|pulumi):/.test(type)),
    );
    expect([...types].sort()).to.deep.equal(
      [...new Set(permissions.flatMap((permission) => permission.types))].sort(),
    );
    for (const { sid, why, resources } of permissions) {
      if (resources.includes("*")) expect(why, `${sid}: why all resources?`).to.be.a("string");
    }
  });
});
