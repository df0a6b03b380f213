import { DynamoDBClient, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { type PublishCommandInput, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { type AwsClientStub, mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { type handler as Handler } from "../../../handlers/publish/index";
import { inEnvironment, loadEntry } from "../entry";
import { alarm, deployed, message, results } from "../examples";

const settings = {
  STACK: "dev",
  TOPIC_ARN: "arn:aws:sns:us-east-1:000000000000:slipway-results",
  RECEIPTS_QUEUE_ARN: "arn:aws:sqs:us-east-1:000000000000:slipway-receipts",
  STATE_TABLE: "slipway-state",
  LEASE_SECONDS: "120",
  API_URL: "https://api.example.com/v1",
  UNSUBSCRIBE_URL: "https://api.example.com/v1/unsubscribe",
};

describe("handlers/publish/index", () => {
  inEnvironment();
  let sns: AwsClientStub<SNSClient>;
  let table: AwsClientStub<DynamoDBClient>;
  beforeEach(() => {
    sns = mockClient(SNSClient);
    sns.on(PublishCommand).resolves({ MessageId: "1" });
    table = mockClient(DynamoDBClient);
    table.on(TransactWriteItemsCommand).resolves({});
  });
  afterEach(() => {
    sns.restore();
    table.restore();
  });

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
    expect(JSON.parse(texts.default ?? "")).to.deep.equal({ ...deployed, events: ["d-1"] });
    expect(texts.email)
      .to.match(/^Release r-1 is in service\./)
      .and.include(`To stop these mails: ${settings.UNSUBSCRIBE_URL}`);
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

  it("tries again when SNS is asked too often, and not when its answer is lost", async () => {
    const throttled = Object.assign(new Error("slow down"), { name: "ThrottledException" });
    sns.on(PublishCommand).rejectsOnce(throttled).resolves({ MessageId: "1" });
    expect(await deliver(message("m-1", alarm))).to.deep.equal(failures());
    expect(published()).to.have.length(2);
    sns.resetHistory();
    sns.on(PublishCommand).rejects(Object.assign(new Error("no answer"), { name: "TimeoutError" }));
    expect(await deliver(message("m-1", alarm))).to.deep.equal(failures("m-1"));
    expect(published()).to.have.length(1);
  });

  it("settles what it is told to have delivered", async () => {
    const { handler } = loadEntry<{ handler: typeof Handler }>("publish", settings);
    const receipt = message("r-1", { ...alarm, events: ["a-1"] });
    const Records = [{ ...receipt, eventSourceARN: settings.RECEIPTS_QUEUE_ARN }];
    expect(await handler({ Records })).to.equal(undefined);
    const [write] = table.commandCalls(TransactWriteItemsCommand);
    const [{ Put } = {}] = write?.args[0].input.TransactItems ?? [];
    expect(Put?.Item?.id).to.deep.equal({ S: "published#a-1" });
    expect(Put?.Item).not.to.have.property("lease");
    expect(published()).to.be.empty;
  });

  it("takes nothing of the results queue for a receipt", async () => {
    await deliver(message("m-1", { ...alarm, events: ["other"] }));
    expect(published()).to.have.length(1);
  });

  it("does not start without a topic", () => {
    expect(() => loadEntry("publish", { ...settings, TOPIC_ARN: "" })).to.throw(
      /TOPIC_ARN is "", but must be the ARN/,
    );
  });
});
