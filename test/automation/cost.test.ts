import { expect } from "chai";
import { chargesOf } from "../../automation/cost/charges";
import { comingEndpoint } from "../../automation/cost/endpoint";
import { difference, estimate } from "../../automation/cost/estimate";
import { type Resource } from "../../automation/stack";
import { hoursAMonth, priceOf, priceTable } from "../../automation/cost/prices";
import { usage } from "../../automation/cost/usage";
import { readStackConfig } from "../../automation/stack-config";

const resource = (component: string, type: string, name: string, inputs: object = {}): Resource => ({
  urn: `urn:pulumi:dev::slipway::slipway:area:${component}$${type}::${name}`,
  type,
  inputs: inputs as Resource["inputs"],
});
const key = (name: string) => resource("DataBucket", "aws:kms/key:Key", name);
const configuration = (instanceType: string, initialInstanceCount: number) =>
  resource(
    "ModelEndpoint",
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    "endpoint-configuration",
    {
      productionVariants: [{ instanceType, initialInstanceCount }],
    },
  );

describe("the cost of a stack", () => {
  it("is what its resources cost in a month, by component", () => {
    const found = estimate([key("data-key"), key("other-key"), configuration("ml.m5.large", 2)]);
    const endpoint = 2 * 0.115 * hoursAMonth;
    expect(found.components).to.deep.equal([
      { component: "ModelEndpoint", monthly: endpoint },
      { component: "DataBucket", monthly: 2 },
    ]);
    expect(found.monthly).to.be.closeTo(endpoint + 2, 1e-9);
    expect(found.unpriced).to.deep.equal([]);
  });

  it("names what it has no price for, and counts it as nothing", () => {
    const found = estimate([configuration("ml.p5.48xlarge", 1)]);
    expect(found.monthly).to.equal(0);
    expect(found.unpriced).to.deep.equal(["endpoint-configuration (1 x ml.p5.48xlarge)"]);
  });

  it("counts a serverless endpoint, a gateway endpoint and a Lambda as nothing while nobody asks", () => {
    const serverless = { productionVariants: [{ serverlessConfig: { memorySizeInMb: 2048 } }] };
    expect(chargesOf("aws:sagemaker/endpointConfiguration:EndpointConfiguration", serverless)).to.deep.equal(
      [],
    );
    expect(chargesOf("aws:ec2/vpcEndpoint:VpcEndpoint", { vpcEndpointType: "Gateway" })).to.deep.equal([]);
    expect(chargesOf("aws:lambda/function:Function", {})).to.deep.equal([]);
  });

  it("counts each metric of an alarm, dearer when it is looked at more often than each minute, and a dashboard", () => {
    const metric = (period: number) => ({ metric: { period } });
    const type = "aws:cloudwatch/metricAlarm:MetricAlarm";
    expect(chargesOf(type, { period: 60 })[0]).to.include({ price: "cloudwatch.alarm", quantity: 1 });
    const many = chargesOf(type, { metricQueries: [metric(10), metric(10), { expression: "a / b" }] });
    expect(many[0]).to.include({ price: "cloudwatch.alarm.high-resolution", quantity: 2 });
    for (const [type, price] of [
      ["aws:cloudwatch/compositeAlarm:CompositeAlarm", "cloudwatch.alarm.composite"],
      ["aws:cloudwatch/dashboard:Dashboard", "cloudwatch.dashboard"],
    ] as const) {
      expect(chargesOf(type, {}).map((charge) => [charge.price, charge.quantity])).to.deep.equal([
        [price, 1],
      ]);
    }
  });

  it("counts a database twice that stands in two zones, with its disks and its password", () => {
    const found = chargesOf("aws:rds/instance:Instance", {
      ...{
        instanceClass: "db.t4g.micro",
        allocatedStorage: 20,
        multiAz: true,
        manageMasterUserPassword: true,
      },
    });
    expect(found.map(({ price, quantity }) => [price, quantity])).to.deep.equal([
      ["rds.db.t4g.micro", 2 * hoursAMonth],
      ["rds.storage", 40],
      ["secretsmanager.secret", 1],
    ]);
  });

  it("differs by what a change adds and takes away", () => {
    const before = estimate([key("data-key"), configuration("ml.t2.medium", 1)]);
    const after = estimate([key("data-key"), configuration("ml.t2.medium", 3)]);
    const { change, components } = difference(before, after);
    expect(change).to.be.closeTo(2 * 0.056 * hoursAMonth, 1e-9);
    expect(components.map(({ component }) => component)).to.deep.equal(["ModelEndpoint"]);
  });

  it("includes the endpoint that main gets with its first release, and none that is there", () => {
    const config = readStackConfig("main");
    const [coming] = comingEndpoint([], config, "slipway");
    expect(estimate([coming!]).monthly).to.be.closeTo(2 * 0.056 * hoursAMonth, 1e-9);
    expect(comingEndpoint([configuration("ml.t2.medium", 2)], config, "slipway")).to.deep.equal([]);
    expect(comingEndpoint([], readStackConfig("dev"), "slipway")).to.deep.equal([]);
  });

  it("grows with use: predictions cost more where the endpoint is paid by the second", () => {
    const of = (stack: string) => usage([], readStackConfig(stack), "slipway");
    const predictions = (stack: string) => of(stack).find(({ per }) => per === "1,000 predictions")!.dollars!;
    expect(predictions("dev")).to.be.greaterThan(predictions("main"));
    for (const { dollars, assuming } of of("dev")) {
      expect(dollars).to.be.greaterThan(0);
      expect(assuming).not.to.equal("");
    }
  });

  it("counts what watching the model costs, by the share, the days and the schedule of the stack", () => {
    const price = (name: string) => priceOf(name)!.dollars;
    const of = (changes: Record<string, unknown>) => {
      const config = { ...readStackConfig("main"), ...changes };
      const found = usage([], config, "slipway").filter(({ per }) => /watched|captured/.test(per));
      return found.map(({ dollars }) => dollars);
    };
    expect(of({})).to.deep.equal([]);
    // taxi trips have 7 features, so 12 metrics; a look takes 5 s of 1 GB, what is captured 2 KB
    const look = price("lambda.request") + 5 * price("lambda.arm") + price("cloudwatch.request");
    const kept = (days: number) => (2e-6 * days * price("s3.storage")) / 30.4;
    const [month, captured] = of({ "slipway:captureSharePercent": 20, "slipway:captureDays": 14 });
    expect(month).to.be.closeTo(12 * price("cloudwatch.metric") + 730 * look, 1e-9);
    expect(captured).to.be.closeTo(
      200 * (price("s3.put") + (730 / 30.4) * price("s3.get") + kept(14)),
      1e-12,
    );
    const often = { "slipway:monitorSchedule": "rate(15 minutes)", "slipway:captureSharePercent": 100 };
    const [monthOften, all] = of({ ...often, "slipway:captureDays": 365 });
    expect(monthOften).to.be.closeTo(12 * price("cloudwatch.metric") + 4 * 730 * look, 1e-9);
    expect(all).to.be.closeTo(
      1000 * (price("s3.put") + ((4 * 730) / 30.4) * price("s3.get") + kept(365)),
      1e-12,
    );
    const [monthDaily] = of({ ...often, "slipway:monitorSchedule": "cron(0 6 * * ? *)" });
    expect(monthDaily).to.be.closeTo(12 * price("cloudwatch.metric") + 730 * look, 1e-9);
  });

  it("says of when its prices are, and has one for all that the stacks are configured with", () => {
    expect(priceTable.asOf).to.match(/^\d{4}-\d{2}-\d{2}$/);
    expect(priceTable.source).to.contain("not fetched");
    for (const stack of ["dev", "main"]) {
      const config = readStackConfig(stack);
      for (const name of ["instanceType", "trainingInstanceType", "batchInstanceType"])
        expect(priceOf(`sagemaker.${String(config[`slipway:${name}`])}`), `${stack} ${name}`).not.to.equal(
          undefined,
        );
    }
  });
});
