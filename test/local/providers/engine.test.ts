import {
  APIGatewayClient,
  GetApiKeysCommand,
  GetRestApisCommand,
  GetUsagePlansCommand,
} from "@aws-sdk/client-api-gateway";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  DescribeResourcePoliciesCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { DescribeImagesCommand, DescribeRepositoriesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { EventBridgeClient, ListRulesCommand } from "@aws-sdk/client-eventbridge";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { DescribeKeyCommand, KMSClient, ListAliasesCommand, ListKeysCommand } from "@aws-sdk/client-kms";
import { LambdaClient, ListEventSourceMappingsCommand, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListBucketsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ListSubscriptionsCommand, ListTopicsCommand, SNSClient } from "@aws-sdk/client-sns";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DescribeParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { type OutputMap, type Stack } from "@pulumi/pulumi/automation";
import { expect } from "chai";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findImage, imagesFolder } from "../../../local/images";
import { startCloud, type TestCloud } from "./cloud";
import { firstVariant, program, type Variant } from "./program";
import { testStack } from "./stack";

/** What of the test program is left in the cloud: names, by service. */
async function leftovers(cloud: TestCloud): Promise<string[]> {
  const config = {
    region: "us-east-1",
    endpoint: cloud.url,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const api = new APIGatewayClient(config);
  const logs = new CloudWatchLogsClient(config);
  const lambda = new LambdaClient(config);
  const sns = new SNSClient(config);
  const kms = new KMSClient(config);
  const { Keys = [] } = await kms.send(new ListKeysCommand({}));
  const keys = await Promise.all(Keys.map(({ KeyId }) => kms.send(new DescribeKeyCommand({ KeyId }))));
  const found: Record<string, (string | undefined)[] | undefined> = {
    bucket: (
      await new S3Client({ ...config, forcePathStyle: true }).send(new ListBucketsCommand({}))
    ).Buckets?.map((one) => one.Name),
    key: keys
      .filter(({ KeyMetadata }) => KeyMetadata?.KeyState !== "PendingDeletion")
      .map(({ KeyMetadata }) => KeyMetadata?.KeyId),
    alias: (await kms.send(new ListAliasesCommand({}))).Aliases?.map((one) => one.AliasName).filter(
      (name) => !name?.startsWith("alias/aws/"),
    ),
    role: (await new IAMClient(config).send(new ListRolesCommand({}))).Roles?.map((one) => one.RoleName),
    "log group": (await logs.send(new DescribeLogGroupsCommand({}))).logGroups?.map(
      (one) => one.logGroupName,
    ),
    "log policy": (await logs.send(new DescribeResourcePoliciesCommand({}))).resourcePolicies?.map(
      (one) => one.policyName,
    ),
    rule: (await new EventBridgeClient(config).send(new ListRulesCommand({}))).Rules?.map((one) => one.Name),
    alarm: (await new CloudWatchClient(config).send(new DescribeAlarmsCommand({}))).MetricAlarms?.map(
      (one) => one.AlarmName,
    ),
    repository: (await new ECRClient(config).send(new DescribeRepositoriesCommand({}))).repositories?.map(
      (one) => one.repositoryName,
    ),
    parameter: (await new SSMClient(config).send(new DescribeParametersCommand({}))).Parameters?.map(
      (one) => one.Name,
    ),
    queue: (await new SQSClient(config).send(new ListQueuesCommand({}))).QueueUrls,
    topic: (await sns.send(new ListTopicsCommand({}))).Topics?.map((one) => one.TopicArn),
    subscription: (await sns.send(new ListSubscriptionsCommand({}))).Subscriptions?.map(
      (one) => one.SubscriptionArn,
    ),
    function: (await lambda.send(new ListFunctionsCommand({}))).Functions?.map((one) => one.FunctionName),
    mapping: (await lambda.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings?.map(
      (one) => one.UUID,
    ),
    api: (await api.send(new GetRestApisCommand({}))).items?.map((one) => one.name),
    "api key": (await api.send(new GetApiKeysCommand({}))).items?.map((one) => one.name),
    plan: (await api.send(new GetUsagePlansCommand({}))).items?.map((one) => one.name),
  };
  return Object.entries(found).flatMap(([kind, names = []]) => names.map((name) => `${kind} ${name}`));
}

describe("laptop plugins on the stock Pulumi engine", function () {
  this.timeout(120_000);
  let home: string;
  let cloud: TestCloud;
  let stack: Stack;
  let variant: Variant;
  let outputs: OutputMap;

  const value = (name: string) => outputs[name]?.value as string;
  const config = () => ({
    region: "us-east-1",
    endpoint: cloud.url,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });

  before(async function () {
    home = mkdtempSync(join(tmpdir(), "slipway-plugins-"));
    const context = join(home, "context");
    mkdirSync(context);
    writeFileSync(
      join(context, "Dockerfile"),
      'FROM scratch\nENV FLAVOUR=plain\nENTRYPOINT ["python", "-m", "model"]\n',
    );
    writeFileSync(join(context, ".dockerignore"), "*.log\n");
    writeFileSync(join(context, "model.py"), "print(1)\n");
    writeFileSync(join(context, "build.log"), "not part of the image\n");
    variant = { ...firstVariant, context };
    cloud = await startCloud(home);
    const made = await testStack("all", program(variant), cloud, home, "path");
    if (!made) return this.skip(); // this machine has no Pulumi CLI
    stack = made;
  });

  after(async () => {
    await cloud?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it("previews a new stack in which everything is still unknown, and makes nothing", async () => {
    const { changeSummary } = await stack.preview();
    expect(changeSummary.create).to.be.greaterThan(45);
    expect(await leftovers(cloud)).to.deep.equal([]);
  });

  it("creates everything, and it works together", async () => {
    const { summary, ...result } = await stack.up();
    outputs = result.outputs;
    expect(summary.result).to.equal("succeeded");
    expect(value("account")).to.equal("000000000000");
    expect(outputs.nothing?.value).to.deep.equal([]);
    expect(value("bucketName")).to.match(/^data-[0-9a-f]{7}$/);
    expect(outputs.bucketTags?.value).to.deep.equal({ project: "slipway", stage: "first", owner: "first" });

    const post = (headers: Record<string, string>) =>
      fetch(value("url"), {
        method: "POST",
        body: "{}",
        headers: { "content-type": "application/json", ...headers },
      });
    const answer = await post({ "x-api-key": value("key") });
    expect(answer.status, await answer.clone().text()).to.equal(200);
    expect(await answer.text()).to.contain("hello first");
    expect((await post({})).status).to.equal(403);
  });

  it("keeps secrets out of the state", () => {
    expect(outputs.key?.secret).to.equal(true);
    expect(outputs.parameter?.secret).to.equal(true);
    const state = readFileSync(join(home, "pulumi/.pulumi/stacks/plugins/all.json"), "utf8");
    expect(state).to.contain(value("bucketName"));
    expect(state).not.to.contain(value("key"));
  });

  it("builds the image into the local store and shows it in ECR", async () => {
    const image = findImage(home, value("digest"));
    expect(image?.entrypoint).to.deep.equal(["python", "-m", "model"]);
    expect(image?.env).to.deep.equal({ FLAVOUR: "plain" });
    expect(existsSync(join(image!.folder!, "model.py"))).to.equal(true);
    expect(existsSync(join(image!.folder!, "build.log"))).to.equal(false);
    const repositoryName = value("repositoryUrl").split("/")[1];
    const { imageDetails } = await new ECRClient(config()).send(
      new DescribeImagesCommand({ repositoryName }),
    );
    expect(imageDetails?.[0]?.imageDigest).to.equal(image?.digest);
  });

  it("changes nothing when nothing changed, nor after a refresh", async () => {
    await stack.up({ expectNoChanges: true });
    await stack.refresh({ expectNoChanges: true });
    await stack.up({ expectNoChanges: true });
  });

  it("updates in place what can be, replaces what cannot, and leaves the rest alone", async () => {
    variant = { ...variant, ...{ retentionInDays: 14, memorySize: 256, owner: "second", alarmThreshold: 2 } };
    variant = { ...variant, schemaTitle: "Second", policyAsText: true };
    stack.workspace.program = program(variant);
    const before = value("key");
    const { summary, ...result } = await stack.up();
    outputs = result.outputs;
    expect(summary.resourceChanges?.replace).to.equal(1); // the API's deployment
    expect(value("key")).to.equal(before);
    expect(outputs.bucketTags?.value).to.deep.equal({ project: "slipway", stage: "second", owner: "second" });
    await stack.up({ expectNoChanges: true });
  });

  it("takes a policy that is only written differently for the same", async () => {
    variant = { ...variant, policyAsText: false };
    stack.workspace.program = program(variant);
    await stack.up({ expectNoChanges: true });
  });

  it("builds the image again when a file of its context changed, and only then", async () => {
    const before = value("digest");
    writeFileSync(join(variant.context, "build.log"), "ignored by Docker\n");
    await stack.up({ expectNoChanges: true });
    writeFileSync(join(variant.context, "model.py"), "print(2)\n");
    const { summary, ...result } = await stack.up();
    outputs = result.outputs;
    expect(summary.resourceChanges).to.include({ update: 1 });
    expect(value("digest")).not.to.equal(before);
    expect(findImage(home, before), "the earlier image can still be run").not.to.equal(undefined);
  });

  it("destroys everything, also objects and images that came in the meantime", async () => {
    const s3 = new S3Client({ ...config(), forcePathStyle: true });
    await s3.send(new PutObjectCommand({ Bucket: value("bucketName"), Key: "raw/late.csv", Body: "1" }));
    await stack.destroy();
    expect(await leftovers(cloud)).to.deep.equal([]);
    expect(readdirSync(imagesFolder(home))).to.deep.equal(["index.json"]);
  });
});
