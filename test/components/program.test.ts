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
/** The settings of Slipway; the others are the engine's own (`pulumi:autonaming`). */
const settings = Object.fromEntries(Object.entries(project.config).filter(([name]) => !name.includes(":")));

/** The stack's configuration as the engine hands it to the program. */
function configuration(stack: string, changes: Record<string, unknown> = {}): Record<string, string> {
  const defaults = Object.entries(settings).map(([name, value]) => [`slipway:${name}`, value.default]);
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

/** A source of each kind, with as few settings as there are. */
const allSources = {
  "slipway:sources": {
    files: { kind: "s3" },
    web: { kind: "http", url: "https://example.com/trips.csv" },
    trips: { kind: "kinesis" },
    ledger: { kind: "dynamodb" },
    orders: { kind: "rds", engine: "postgres", database: "trips", table: "trips", watermark: "id" },
    warehouse: { kind: "redshift", query: "select * from trips", watermark: "pickup" },
  },
};

/** Resources that AWS lets nobody tag, or that Pulumi's component already tags. */
const untagged = new RegExp(
  "slipway:|pulumi:|docker:|:Bucket.+|:Alias$|:RolePolicy|:LogResourcePolicy|:EventTarget|:QueuePolicy|" +
    ":TopicSubscription|appautoscaling/policy|:Permission|:EventSourceMapping|:Resource$|:Method|:Integration|:Deployment|:UsagePlanKey|:LogStream|:UsageLimit|:Schedule$|" +
    ":Response$|:Model$|:RequestValidator$|:MethodSettings$|:Account$|:RolePolicyAttachment$",
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
    const scaled = { "slipway:instanceType": "ml.m5.large", "slipway:maxInstanceCount": 4, ...allSources };
    const declared = await declare(program, { config: configuration("main", scaled), parameters });
    const bare = declared.filter(
      ({ type, inputs }) => !untagged.test(type) && !(inputs.tags as object | undefined),
    );
    expect(bare.map(({ type, name }) => `${type} ${name}`)).to.deep.equal([]);
  });

  it("grants no action by wildcard, and all resources only where AWS knows no narrower ones", async () => {
    const all = { ...allSources, "slipway:publicSubscriptions": true };
    const declared = await declare(program, { config: configuration("dev", all), parameters });
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
      // of a Lambda in a VPC, whose network interfaces it cannot name
      ...["ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
      ...["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses"],
      "ecr:GetAuthorizationToken",
      // statements have no ARN; AWS shows a caller its own only
      ...["redshift-data:DescribeStatement", "redshift-data:GetStatementResult"],
      "sns:Unsubscribe", // nor has a subscription
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
    const all = {
      ...allSources,
      "slipway:emails": ["ann@example.com"],
      "slipway:publicSubscriptions": true,
      "slipway:apiAccessLogs": "own-role",
      "slipway:dataScientists": ["arn:aws:iam::123456789012:role/science"],
    };
    const scaled = { ...all, "slipway:maxInstanceCount": 3, "slipway:instanceType": "ml.m5.large" };
    const declared = [
      ...(await declare(program, { config: configuration("dev", all), parameters })),
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
