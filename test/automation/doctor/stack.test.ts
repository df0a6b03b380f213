import { DescribeRegionsCommand, EC2Client } from "@aws-sdk/client-ec2";
import {
  GetRoleCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
  SimulatePrincipalPolicyCommand,
  type SimulatePrincipalPolicyCommandInput,
} from "@aws-sdk/client-iam";
import { ListServiceQuotasCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { GetParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { neededQuotas } from "../../../automation/doctor/quotas";
import { checkStack } from "../../../automation/doctor/stack";
import { readStackConfig } from "../../../automation/stack-config";

const account = "123456789012";
const role = `arn:aws:iam::${account}:role/aws-reserved/sso.amazonaws.com/Admin`;

describe("what doctor asks AWS for a stack", () => {
  const sts = mockClient(STSClient);
  const iam = mockClient(IAMClient);
  const quotas = mockClient(ServiceQuotasClient);
  const ec2 = mockClient(EC2Client);
  const ssm = mockClient(SSMClient);
  let simulated: SimulatePrincipalPolicyCommandInput[];
  let denied: string[];

  beforeEach(() => {
    for (const mock of [sts, iam, quotas, ec2, ssm]) mock.reset();
    simulated = [];
    denied = [];
    sts
      .on(GetCallerIdentityCommand)
      .resolves({ Account: account, Arn: `arn:aws:sts::${account}:assumed-role/Admin/ann` });
    iam.on(GetRoleCommand, { RoleName: "Admin" }).resolves({ Role: { Arn: role } as never });
    iam.on(ListOpenIDConnectProvidersCommand).resolves({
      OpenIDConnectProviderList: [
        { Arn: `arn:aws:iam::${account}:oidc-provider/token.actions.githubusercontent.com` },
      ],
    });
    iam.on(SimulatePrincipalPolicyCommand).callsFake((input: SimulatePrincipalPolicyCommandInput) => {
      simulated.push(input);
      return {
        EvaluationResults: input.ActionNames!.map((EvalActionName) => ({
          EvalActionName,
          EvalDecision: denied.includes(EvalActionName) ? "implicitDeny" : "allowed",
        })),
      };
    });
    ec2.on(DescribeRegionsCommand).resolves({
      Regions: [{ RegionName: "us-east-1", OptInStatus: "opt-in-not-required" }],
    });
    ssm.on(GetParametersCommand).resolves({ InvalidParameters: [] });
    allow(100);
  });

  /** Gives every quota that dev and main need this value. */
  function allow(Value: number): void {
    const names = ["dev", "main"].flatMap((stack) => [
      ...neededQuotas(readStackConfig(stack), "slipway").keys(),
    ]);
    quotas.on(ListServiceQuotasCommand).resolves({
      Quotas: [...new Set(names)].map((QuotaName, i) => ({ QuotaName, QuotaCode: `L-${i}`, Value })),
    });
  }
  const check = async (stack = "dev") =>
    new Map((await checkStack(stack)).map((finding) => [finding.what, finding]));

  it("is content with an account that has and allows all", async () => {
    const found = await check();
    const needed = [...found.values()].filter(({ what }) => what !== "Pulumi backend");
    expect(needed.filter(({ ok }) => !ok)).to.deep.equal([]);
    expect(found.get("AWS account")!.found).to.equal(`${account}, as assumed-role/Admin/ann`);
    expect(found.get("Permissions")!.found).to.match(/^all \d{3} actions$/);
  });

  it("takes the settings of dev for a pull request's stack, which has no file before it is up", async () => {
    const region = (await checkStack("pr-7")).find(({ what }) => what === "Region");
    expect(region).to.include({ ok: true, found: "us-east-1, enabled" });
  });

  it("simulates every action as the role behind the session, on names of this stack", async () => {
    await check("main");
    expect(new Set(simulated.map(({ PolicySourceArn }) => PolicySourceArn))).to.deep.equal(new Set([role]));
    const resources = simulated.flatMap(({ ResourceArns }) => ResourceArns!);
    expect(resources).to.include(`arn:aws:ecr:us-east-1:${account}:repository/slipway-main`);
    expect(resources.filter((resource) => /[{}]/.test(resource))).to.deep.equal([]);
  });

  it("names the actions that are denied, where, and how to get them", async () => {
    denied = ["sqs:CreateQueue"];
    const { ok, needed, found, fix } = (await check()).get("Permissions Queues")!;
    expect([ok, needed]).to.deep.equal([false, true]);
    expect(found).to.match(/^no sqs:CreateQueue on arn:aws:sqs:us-east-1:/);
    expect(fix).to.contain("slipway-deploy-dev").and.contain("permissions.json");
  });

  it("knows no quota for granted: a new account has none for some instance types", async () => {
    allow(0);
    const finding = (await check()).get("Quota ml.m5.large for training job usage")!;
    expect(finding).to.deep.include({ ok: false, needed: true, found: "0, needs 1" });
    expect(finding.fix).to.match(
      /request-service-quota-increase .*--quota-code L-\d+ --desired-value 1 --region us-east-1/,
    );
  });

  it("counts old and new instances of a deployment of main, and both models of an evaluation", () => {
    const needed = neededQuotas(readStackConfig("main"), "slipway");
    expect(needed.get("ml.t2.medium for endpoint usage")).to.equal(4);
    expect(needed.get("ml.m5.large for transform job usage")).to.equal(2);
    expect([...neededQuotas(readStackConfig("dev"), "slipway").keys()].join()).to.contain("serverless");
  });

  it("says which service a region lacks, and when it is not enabled", async () => {
    ssm.on(GetParametersCommand).callsFake(({ Names }: { Names: string[] }) => ({
      InvalidParameters: Names.filter((name) => name.includes("/sagemaker/")),
    }));
    ec2
      .on(DescribeRegionsCommand)
      .resolves({ Regions: [{ RegionName: "us-east-1", OptInStatus: "not-opted-in" }] });
    const found = await check();
    expect(found.get("Services")!.found).to.equal("us-east-1 has no sagemaker");
    expect(found.get("Region")).to.include({ ok: false, found: "us-east-1, not-opted-in" });
  });

  it("does not take services for missing where there is no list of them", async () => {
    ssm
      .on(GetParametersCommand)
      .callsFake(({ Names }: { Names: string[] }) => ({ InvalidParameters: Names }));
    expect((await check()).get("Services")).to.include({
      ok: false,
      needed: false,
      found: "not known: there is no list of the services of us-east-1",
    });
  });

  it("goes on without what it may not look at, and says so", async () => {
    const refused = Object.assign(new Error("not authorized"), { name: "AccessDenied" });
    iam.on(SimulatePrincipalPolicyCommand).rejects(refused);
    quotas.on(ListServiceQuotasCommand).rejects(refused);
    const found = await check();
    expect(found.get("Permissions")).to.include({ ok: false, needed: false });
    expect(found.get("Permissions")!.fix).to.contain("iam:SimulatePrincipalPolicy");
    expect(found.get("Quotas")!.found).to.contain("not authorized");
  });

  it("asks for nothing more without credentials", async () => {
    const none = Object.assign(new Error("Could not load credentials"), { name: "CredentialsProviderError" });
    sts.on(GetCallerIdentityCommand).rejects(none);
    const found = await checkStack("dev");
    expect(found).to.have.length(1);
    expect(found[0]).to.include({ ok: false, needed: true });
    expect(found[0]!.fix).to.contain("aws configure sso");
  });
});
