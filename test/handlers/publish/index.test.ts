import { type PublishCommandInput, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { type AwsClientStub, mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { type handler as Handler } from "../../../handlers/publish/index";
import { inEnvironment, loadEntry } from "../entry";
import { alarm, deployed, message, results } from "../examples";

const settings = { STACK: "dev", TOPIC_ARN: "arn:aws:sns:us-east-1:000000000000:slipway-results" };

describe("handlers/publish/index", () => {
  inEnvironment();
  let sns: AwsClientStub<SNSClient>;
  beforeEach(() => {
    sns = mockClient(SNSClient);
    sns.on(PublishCommand).resolves({ MessageId: "1" });
  });
  afterEach(() => sns.restore());

  const deliver = (...records: ReturnType<typeof message>[]) =>
    loadEntry<{ handler: typeof Handler }>("publish", settings).handler({ Records: records });
  const published = () => sns.commandCalls(PublishCommand).map((call) => call.args[0].input);
  const failures = (...ids: string[]) => ({
    batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
  });

  it("publishes words for people, the event for services, attributes for filters", async () => {
    expect(await deliver(message("m-1", deployed))).to.deep.equal(failures());
    const [input] = published();
    expect(input).to.deep.include({
      TopicArn: settings.TOPIC_ARN,
      Subject: "[dev] Release r-1 is in service",
      MessageStructure: "json",
      MessageAttributes: {
        kind: { DataType: "String", StringValue: "release.deployed" },
        stack: { DataType: "String", StringValue: "dev" },
        severity: { DataType: "String", StringValue: "info" },
      },
    });
    const texts = JSON.parse(input?.Message ?? "") as Record<string, string>;
    expect(Object.keys(texts)).to.have.members(["default", "email", "sms"]);
    expect(JSON.parse(texts.default ?? "")).to.deep.equal(deployed);
    expect(texts.email).to.match(/^Release r-1 is in service on the endpoint/);
  });

  it("sends one digest for all results of a batch", async () => {
    await deliver(
      message("m-1", results("q-1", [7])),
      message("m-2", alarm),
      message("m-3", results("q-2", [9, 11])),
    );
    expect(published().map(({ Subject }) => Subject)).to.have.members([
      "[dev] 3 predictions of fare: 7.00 to 11.00 USD",
      "[dev] Alarm: Latency is above 500 ms",
    ]);
  });

  it("gives back what it does not understand, and publishes the rest", async () => {
    const answer = await deliver(
      message("m-1", "{"),
      message("m-2", alarm),
      message("m-3", { kind: "alarm" }),
    );
    expect(answer).to.deep.equal(failures("m-1", "m-3"));
    expect(published()).to.have.length(1);
  });

  it("gives back every message of a digest that SNS does not take, and only those", async () => {
    const isDigest = (input: PublishCommandInput) => input.Subject?.includes("predictions");
    sns.on(PublishCommand).callsFake((input: PublishCommandInput) => {
      if (isDigest(input)) throw Object.assign(new Error("try later"), { name: "InternalErrorException" });
      return { MessageId: "1" };
    });
    const answer = await deliver(
      message("m-1", results("q-1", [7])),
      message("m-2", alarm),
      message("m-3", results("q-2", [9])),
    );
    expect(answer).to.deep.equal(failures("m-1", "m-3"));
  });

  it("does not start without a topic", () => {
    expect(() => loadEntry("publish", { STACK: "dev" })).to.throw(
      /TOPIC_ARN is not set, but must be the ARN/,
    );
  });
});
