import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import * as aws from "@pulumi/aws";
import { type Stack } from "@pulumi/pulumi/automation";
import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCloud, type TestCloud } from "./cloud";
import { testStack } from "./stack";

const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "it succeeded",
    (error: Error) => error.message,
  );

describe("laptop plugins when something is wrong", function () {
  this.timeout(60_000);
  let home: string;
  let cloud: TestCloud;
  let stack: Stack;
  const config = () => ({
    region: "us-east-1",
    endpoint: cloud.url,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const run = (program: () => void) => {
    stack.workspace.program = () => {
      program(); // its value would become the stack's outputs
      return Promise.resolve();
    };
    return stack.up();
  };

  before(async function () {
    home = mkdtempSync(join(tmpdir(), "slipway-faults-"));
    cloud = await startCloud(home);
    const made = await testStack("faults", () => Promise.resolve(), cloud, home, "home");
    if (!made) return this.skip(); // this machine has no Pulumi CLI
    stack = made;
  });

  afterEach(() => stack?.destroy());

  after(async () => {
    await cloud?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it("names a resource type, a property and a function that it does not know", async () => {
    const types = await failure(
      run(() => new aws.sfn.StateMachine("steps", { definition: "{}", roleArn: "arn" })),
    );
    expect(types).to.contain("does not know the resource type aws:sfn/stateMachine:StateMachine");
    const properties = await failure(run(() => new aws.s3.Bucket("data", { requestPayer: "Requester" })));
    expect(properties).to.contain("does not support the property 'requestPayer' of aws:s3/bucket:Bucket");
    const functions = await failure(run(() => void aws.getBillingServiceAccountOutput()));
    expect(functions).to.contain(
      "does not know the function aws:index/getBillingServiceAccount:getBillingServiceAccount",
    );
  });

  it("keeps what was made before a creation failed, and finishes it the next time", async () => {
    // CreateLogGroup succeeds, PutRetentionPolicy does not: there is no such period.
    const group = (retentionInDays: number) => () =>
      new aws.cloudwatch.LogGroup("half", { retentionInDays, tags: { owner: "test" } });
    const message = await failure(run(group(2)));
    expect(message).to.contain("creating aws:cloudwatch/logGroup:LogGroup: InvalidParameterException");
    const groups = async () =>
      (await new CloudWatchLogsClient(config()).send(new DescribeLogGroupsCommand({}))).logGroups;
    const [before] = (await groups())!;
    const { summary } = await run(group(7));
    expect(summary.resourceChanges).to.include({ update: 1 });
    expect(await groups()).to.deep.equal([{ ...before, retentionInDays: 7 }]);
    await stack.up({ expectNoChanges: true });
  });

  it("replaces a resource with a fixed name by deleting the old one first", async () => {
    const group = (logGroupClass: string) => () =>
      new aws.cloudwatch.LogGroup("fixed", { name: "/fixed", logGroupClass });
    await run(group("STANDARD"));
    const { summary } = await run(group("INFREQUENT_ACCESS"));
    expect(summary.resourceChanges).to.include({ replace: 1 });
    const { logGroups } = await new CloudWatchLogsClient(config()).send(new DescribeLogGroupsCommand({}));
    expect(logGroups?.map((one) => one.logGroupName)).to.deep.equal(["/fixed"]);
  });

  it("is found as an installed plugin without a warning", async () => {
    const { stdout, stderr } = await run(() => new aws.sqs.Queue("quiet", {}));
    expect(stdout).to.contain("aws:sqs:Queue quiet created");
    expect(stdout + stderr).not.to.contain("warning");
  });

  it("gives a resource that stays its automatic name back", async () => {
    const program = (description: string) => () =>
      new aws.iam.Role("named", {
        description,
        assumeRolePolicy: JSON.stringify({ Version: "2012-10-17", Statement: [] }),
      });
    await run(program("first"));
    const { summary } = await run(program("second"));
    expect(summary.resourceChanges).to.include({ update: 1 });
  });

  it("refuses to talk to anything but this machine", async () => {
    stack.workspace.envVars.AWS_ENDPOINT_URL = "https://sqs.us-east-1.amazonaws.com";
    const message = await failure(run(() => new aws.sqs.Queue("never", {})));
    stack.workspace.envVars.AWS_ENDPOINT_URL = cloud.url;
    expect(message).to.contain(
      "AWS_ENDPOINT_URL is 'https://sqs.us-east-1.amazonaws.com', which is not an address of this machine",
    );
  });
});
