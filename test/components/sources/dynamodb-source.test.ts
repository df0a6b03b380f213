import { expect } from "chai";
import { DataBucket } from "../../../components/data/data-bucket";
import { ResultsTopic } from "../../../components/results/results-topic";
import { StateTable } from "../../../components/data/state-table";
import { type DynamodbSettings, DynamodbSource } from "../../../components/sources/dynamodb-source";
import { context, declare, failure, only, statements } from "../mocks";

const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/trips";

const declared = (settings: Partial<DynamodbSettings> = {}, deleteData = false) =>
  declare(() => {
    const data = new DataBucket("data", { context, deleteData });
    const results = new ResultsTopic("results", {
      context,
      state: new StateTable("state", { context, deleteData: true }),
      subscribers: [],
      digestSeconds: 1,
      logRetentionDays: 30,
    });
    const args = { context, data, results, logRetentionDays: 30, source: "ledger", deleteData };
    new DynamodbSource("ledger", { ...args, settings: { kind: "dynamodb", ...settings } });
  });

const lambdaSettings = (resources: Awaited<ReturnType<typeof declared>>) => {
  const { environment } = only(resources, "Function", "ledger-ingest-function") as {
    environment: { variables: { SETTINGS: string } };
  };
  return JSON.parse(environment.variables.SETTINGS) as { tableArn: string; attributes: string };
};

describe("DynamodbSource", () => {
  it("makes a table on demand, encrypted, recoverable and protected, unless it is given one", async () => {
    const made = await declared();
    expect(only(made, "Table", "ledger-table")).to.deep.include({
      name: "slipway-dev-ledger",
      billingMode: "PAY_PER_REQUEST",
      hashKey: "id",
      attributes: [{ name: "id", type: "S" }],
      pointInTimeRecovery: { enabled: true },
      serverSideEncryption: { enabled: true },
      deletionProtectionEnabled: true,
    });
    expect(only(await declared({}, true), "Table", "ledger-table").deletionProtectionEnabled).to.equal(false);
    const given = await declared({ tableArn });
    expect(given.filter(({ type, name }) => type.endsWith(":Table") && name !== "state-table")).to.eql([]);
    expect(lambdaSettings(given)).to.include({ tableArn, attributes: "{}" });
  });

  it("leaves out the new table's own key, or what the settings say", async () => {
    expect(lambdaSettings(await declared({ partitionKey: "trip" })).attributes).to.equal('{"trip":null}');
    const attributes = { trip: null, at: "pickup" };
    expect(lambdaSettings(await declared({ attributes })).attributes).to.equal(JSON.stringify(attributes));
  });

  it("may export this table to its own prefix, and no more", async () => {
    const resources = await declared({ tableArn });
    expect(statements(only(resources, "RolePolicy", "-export"))).to.deep.equal([
      { Effect: "Allow", Action: "dynamodb:ExportTableToPointInTime", Resource: tableArn },
      { Effect: "Allow", Action: "dynamodb:DescribeExport", Resource: `${tableArn}/export/*` },
      {
        Effect: "Allow",
        Action: "s3:PutObjectAcl",
        Resource: "arn:aws:aws:s3/bucket:Bucket:data-bucket/incoming/ledger/*",
      },
    ]);
    const actions = resources
      .filter(({ type, name }) => type.endsWith(":RolePolicy") && name.includes("ledger"))
      .flatMap(({ inputs }) => statements(inputs).flatMap(({ Action }) => Action as string));
    expect(actions.filter((action) => action.includes("*"))).to.eql([]);
  });

  it("looks each hour unless it is told another schedule", async () => {
    expect(only(await declared(), "Schedule").scheduleExpression).to.equal("rate(1 hour)");
    expect(only(await declared({ schedule: "rate(1 day)" }), "Schedule").scheduleExpression).to.equal(
      "rate(1 day)",
    );
  });

  it("follows a stream, and says which changes were given up on", async () => {
    const made = await declared({ mode: "stream" });
    expect(only(made, "Table", "ledger-table")).to.deep.include({
      streamEnabled: true,
      streamViewType: "NEW_IMAGE",
    });
    expect(only(made, "EventSourceMapping", "ledger-stream-to-ingest")).to.deep.include({
      ...{ startingPosition: "TRIM_HORIZON", bisectBatchOnFunctionError: true, maximumRetryAttempts: 10 },
      functionResponseTypes: ["ReportBatchItemFailures"],
      destinationConfig: { onFailure: { destinationArn: "arn:aws:aws:sqs/queue:Queue:ledger-failures" } },
    });
    expect(only(made, "MetricAlarm", "ledger-failures").dimensions).to.eql({
      QueueName: "ledger-failures-1",
    });
    expect(made.filter(({ type }) => type.endsWith(":Schedule"))).to.eql([]);
    const streamArn = `${tableArn}/stream/2019-03-30T12:00:00.000`;
    const given = await declared({ mode: "stream", streamArn });
    expect(statements(only(given, "RolePolicy", "-stream"))[0]?.Resource).to.equal(streamArn);
  });

  it("refuses settings that cannot be", async () => {
    const said = (settings: Partial<DynamodbSettings>) => failure(() => declared(settings));
    expect(await said({ tableArn: "trips" })).to.contain('tableArn is "trips": give the table\'s ARN');
    expect(await said({ tableArn, sortKey: "at" })).to.contain("a table that is there already has its keys");
    expect(await said({ partitionKey: "a", sortKey: "a" })).to.contain("another for each key");
    expect(await said({ mode: "stream", tableArn })).to.contain("give streamArn instead");
    expect(await said({ mode: "stream", schedule: "rate(1 day)" })).to.contain(
      "a stream brings changes as they come",
    );
    expect(await said({ streamArn: `${tableArn}/stream/1` })).to.contain("with mode stream only");
    expect(await said({ bufferSeconds: 5 })).to.contain("with mode stream only");
    expect(await said({ mode: "stream", bufferSeconds: 301 })).to.contain("give whole seconds from 0 to 300");
    expect(await said({ mode: "both" })).to.contain('mode is "both": write export or stream');
    expect(await said({ keyType: "BOOL" })).to.contain(
      'keyType is "BOOL": write S for texts or N for numbers',
    );
    expect(await said({ attributes: { a: "fare", b: "fare" } })).to.contain(
      "two attributes cannot both be fare",
    );
  });
});
