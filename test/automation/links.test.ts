import { expect } from "chai";
import { linksOf } from "../../automation/links";
import { type LocalState } from "../../local/state";

const outputs = (partition: string, region: string) => ({
  ...{ region, endpointName: "slipway-dev-serverless", topicArn: `arn:${partition}:sns:${region}:1:topic` },
  monitoring: {
    ...{ dashboard: "slipway-dev", alarm: "slipway-dev" },
    logGroups: { predict: "/aws/lambda/slipway-dev-predict" },
  },
});

describe("automation/links", () => {
  it("leads to the console's pages of a stack", () => {
    const console = "https://eu-west-1.console.aws.amazon.com";
    expect(linksOf("dev", outputs("aws", "eu-west-1"), undefined)).to.deep.equal({
      dashboard: `${console}/cloudwatch/home?region=eu-west-1#dashboards/dashboard/slipway-dev`,
      alarms: `${console}/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/slipway-dev`,
      endpoint: `${console}/sagemaker/home?region=eu-west-1#/endpoints/slipway-dev-serverless`,
      logs: `${console}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fslipway-dev-predict`,
    });
  });

  it("leads to no dashboard where the stack has none", () => {
    const all = outputs("aws", "eu-west-1");
    const { alarm, logGroups } = all.monitoring;
    const links = linksOf("pr-7", { ...all, monitoring: { alarm, logGroups } }, undefined);
    expect(Object.keys(links)).to.deep.equal(["alarms", "endpoint", "logs"]);
  });

  it("knows the consoles of other families of regions", () => {
    const { endpoint } = linksOf("dev", outputs("aws-cn", "cn-north-1"), undefined);
    expect(endpoint).to.match(/^https:\/\/cn-north-1\.console\.amazonaws\.cn\/sagemaker\//);
  });

  it("leads to the inbox on the laptop, and to nothing of a stack that says nothing", () => {
    const laptop = { inboxUrl: "http://127.0.0.1:1" } as LocalState;
    expect(linksOf("local", outputs("aws", "us-east-1"), laptop)).to.deep.equal({
      ...{ inbox: "http://127.0.0.1:1", logs: "npx slipway logs local --follow" },
    });
    const { region, topicArn, endpointName } = outputs("aws", "us-east-1");
    expect(Object.keys(linksOf("dev", { region, topicArn, endpointName }, undefined))).to.deep.equal([
      "endpoint",
    ]);
  });
});
