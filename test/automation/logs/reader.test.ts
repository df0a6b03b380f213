import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { StageReader } from "../../../automation/logs/reader";
import { failure } from "../../local/laptop";

const predict = { name: "predict", group: "/aws/lambda/slipway-dev-predict" };
const event = (eventId: string, timestamp: number) => ({
  ...{ eventId, timestamp, message: `${eventId}\n`, logStreamName: "s" },
});

describe("automation/logs/reader", () => {
  const logs = mockClient(CloudWatchLogsClient);
  const asked = () => logs.commandCalls(FilterLogEventsCommand).map(({ args }) => args[0].input);
  const reader = (stage: ConstructorParameters<typeof StageReader>[1], since = 0) =>
    new StageReader(new CloudWatchLogsClient({ region: "us-east-1" }), stage, since);
  beforeEach(() => logs.reset());

  it("reads all pages, each line once, and those that come late", async () => {
    logs
      .on(FilterLogEventsCommand)
      .resolvesOnce({ events: [event("a", 100_000)], nextToken: "more" })
      .resolvesOnce({ events: [event("b", 130_000)] })
      .resolvesOnce({ events: [event("late", 115_000), event("b", 130_000), event("c", 131_000)] });
    const one = reader(predict, 90_000);
    expect((await one.read()).map(({ message }) => message)).to.deep.equal(["a", "b"]);
    expect((await one.read()).map(({ message }) => message)).to.deep.equal(["late", "c"]);
    expect(asked().map(({ startTime, nextToken }) => [startTime, nextToken])).to.deep.equal([
      ...[
        [90_000, undefined],
        [90_000, "more"],
        [110_000, undefined],
      ],
    ]);
  });

  it("reads of a job that is no more but of the newest, and nothing while there is none", async () => {
    logs.on(FilterLogEventsCommand).resolves({ events: [] });
    const training = { name: "training", group: "/aws/sagemaker/TrainingJobs" };
    await reader({ ...training, newestJob: () => Promise.resolve("slipway-dev-train-1/") }).read();
    expect(asked()[0]).to.include({ logStreamNamePrefix: "slipway-dev-train-1/" });
    expect(await reader({ ...training, newestJob: () => Promise.resolve(undefined) }).read()).to.deep.equal(
      [],
    );
    expect(asked()).to.have.length(1);
  });

  it("has no lines of a group that is not there yet, and says what may not be read", async () => {
    const named = (name: string) => Object.assign(new Error("User: ann is not authorized"), { name });
    logs
      .on(FilterLogEventsCommand)
      .rejectsOnce(named("ResourceNotFoundException"))
      .rejectsOnce(named("AccessDeniedException"));
    expect(await reader(predict).read()).to.deep.equal([]);
    expect((await failure(reader(predict).read())).message).to.equal(
      "You may not read the logs of the stage 'predict' (log group /aws/lambda/slipway-dev-predict): " +
        "User: ann is not authorized. Ask whoever runs the account for logs:FilterLogEvents on it.",
    );
  });
});
