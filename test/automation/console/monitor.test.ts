import { CloudWatchClient, type GetMetricDataCommand, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { expect } from "chai";
import { readMonitor } from "../../../automation/console/readers/monitor";
import { type World } from "../../../automation/console/world";
import { type Look } from "../../../handlers/monitor/look";
import { metricData } from "../../../handlers/monitor/metrics";

const minute = 60_000;
const now = Date.parse("2026-01-31T12:00:30.000Z");

const look = (columns: Record<string, number>, changes: Partial<Look> = {}): Look => ({
  ...{ release: "r1", snapshot: "s1", since: "", captured: 400, requests: 40, unreadable: 0, fewest: 200 },
  columns: Object.entries(columns).map(([column, index]) => ({ column, index })),
  prediction: 0.02,
  quality: { labels: 0, joined: 0, unreadable: 0, measure: "mean absolute error", error: null },
  ...changes,
});

/** A stack whose monitor has looked, each so many minutes ago; CloudWatch is asked for what the monitor puts there. */
function world(looks: [ago: number, found: Look][], outputs: object = {}): World {
  const put = looks.flatMap(([ago, found]) => metricData("main", found, new Date(now - ago * minute)));
  const cloudwatch = new CloudWatchClient({ region: "us-east-1" });
  const idOf = (name: string, dimensions: { Name?: string; Value?: string }[] = []) =>
    JSON.stringify([name, ...dimensions.map(({ Name, Value }) => `${Name}=${Value}`)]);
  const send = (command: unknown) => {
    if (command instanceof ListMetricsCommand) {
      const wanted = command.input.Dimensions!.map(({ Name }) => Name);
      const Metrics = put.filter(
        ({ MetricName, Dimensions = [] }) =>
          MetricName === command.input.MetricName &&
          wanted.every((name) => Dimensions.some(({ Name }) => Name === name)),
      );
      return Promise.resolve({
        Metrics: [...new Map(Metrics.map((one) => [JSON.stringify(one.Dimensions), one])).values()],
      });
    }
    const { MetricDataQueries = [], StartTime, EndTime } = (command as GetMetricDataCommand).input;
    const MetricDataResults = MetricDataQueries.map(({ Id, MetricStat }) => {
      const { MetricName = "", Dimensions } = MetricStat!.Metric!;
      const found = put.filter(
        (one) =>
          idOf(one.MetricName!, one.Dimensions) === idOf(MetricName, Dimensions) &&
          one.Timestamp! >= StartTime! &&
          one.Timestamp! < EndTime!,
      );
      const period = MetricStat!.Period! * 1000;
      return {
        Id,
        Timestamps: found.map(({ Timestamp }) => new Date(Math.floor(+Timestamp! / period) * period)),
        Values: found.map(({ Value }) => Value),
      };
    });
    return Promise.resolve({ MetricDataResults });
  };
  Object.assign(cloudwatch, { send });
  const all = { monitorFunction: "slipway-main-monitor", problem: "model-image", ...outputs };
  return { stack: "main", clients: { cloudwatch }, outputs: all } as unknown as World;
}

describe("the console's figures of the model monitor", () => {
  it("are none where the stack captures no requests, and no look where there was none within a day", async () => {
    expect(await readMonitor(world([], { monitorFunction: undefined }), now)).to.equal(null);
    const old = await readMonitor(world([[25 * 60, look({ distance: 1 })]]), now);
    expect(old).to.deep.include({ look: null, columns: [], prediction: null, error: null });
  });

  it("are of the latest look, the columns that have changed most first, with how they went over the day", async () => {
    const columns = { color: 0.01, passengers: 0.02, pickup_zone: 0.03, dropoff_zone: 0.04, pickup: 0.05 };
    const quality = { ...look({}).quality, labels: 130, joined: 120, error: 1.5 };
    const found = await readMonitor(
      world([
        [61, look({ ...columns, distance: 0.1, gone: 3 })],
        [1, look({ ...columns, distance: 0.3 }, { quality, captured: 500 })],
      ]),
      now,
    );
    const at = [61, 1].map((ago) => Math.floor((now - ago * minute) / minute) * minute);
    expect(found?.look).to.deep.equal({ at: new Date(at[1]!).toISOString(), captured: 500, labels: 120 });
    expect(found?.columns.map(({ column }) => column)).to.deep.equal([
      ...["distance", "pickup", "dropoff_zone", "pickup_zone", "passengers"],
    ]);
    expect(found?.columns[0]).to.deep.equal({
      ...{ column: "distance", value: 0.3 },
      day: [
        { at: at[0], value: 0.1 },
        { at: at[1], value: 0.3 },
      ],
    });
    expect(found?.prediction).to.deep.include({ column: null, value: 0.02 });
    expect(found?.error).to.deep.include({ value: 1.5 });
    expect(found?.errorUnit).to.equal("USD");
  });

  it("leave out what the latest look could not tell, of too few records", async () => {
    const found = await readMonitor(
      world([
        [61, look({ distance: 0.1 })],
        [1, look({}, { captured: 12, prediction: null })],
      ]),
      now,
    );
    expect(found?.look).to.deep.include({ captured: 12 });
    expect(found).to.deep.include({ columns: [], prediction: null, error: null });
    expect(found?.fewest).to.deep.equal({ records: 200, labels: 100 });
  });
});
