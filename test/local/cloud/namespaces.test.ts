import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { expect } from "chai";
import { clientConfig } from "../../../local/state";
import { failure, type Laptop, startLaptop } from "../laptop";

const policy = (statement: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });

describe("who may put metrics of one namespace in the local cloud", function () {
  this.timeout(60_000);
  let laptop: Laptop;
  before(async () => (laptop = await startLaptop("cloud")));
  after(async () => laptop?.stop());

  it("may put them, few or many in a compressed request, and none of another", async () => {
    const iam = new IAMClient(clientConfig(laptop.state));
    const RoleName = "monitor";
    const trust = { Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy(trust) }),
    );
    const PolicyDocument = policy({
      ...{ Action: "cloudwatch:PutMetricData", Resource: "*" },
      Condition: { StringEquals: { "cloudwatch:namespace": "Slipway" } },
    });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "metrics", PolicyDocument }));
    const sts = new STSClient(clientConfig(laptop.state));
    const assumed = await sts.send(new AssumeRoleCommand({ RoleArn: Role!.Arn, RoleSessionName: "test" }));
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = assumed.Credentials!;
    const credentials = {
      ...{ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
    };
    const cloudWatch = new CloudWatchClient({ ...clientConfig(laptop.state), credentials });
    const put = (Namespace: string, count = 1) => {
      const MetricData = Array.from({ length: count }, (_, index) => ({ MetricName: `m${index}`, Value: 1 }));
      return cloudWatch.send(new PutMetricDataCommand({ Namespace, MetricData }));
    };
    await put("Slipway");
    await put("Slipway", 900); // more than 10,000 bytes
    expect((await failure(put("AWS/SageMaker"))).message).to.include("cloudwatch:PutMetricData");
  });
});
