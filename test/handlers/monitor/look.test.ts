import { expect } from "chai";
import { look, type Ports, type Stored } from "../../../handlers/monitor/look";
import { metricData } from "../../../handlers/monitor/metrics";
import { profileOf } from "../../../handlers/monitor/drift";
import { capturedLine } from "../../../local/sagemaker/endpoints/capture";

const now = new Date("2026-11-29T12:00:00Z");
const json = { JsonContentTypes: ["application/json"] };

interface Asked {
  id?: string;
  distance: number;
  fare: number | string;
}

/** A line as SageMaker captures it. */
function line({ id, distance, fare }: Asked, header: object = json): string {
  const body = (value: object) => ({
    contentType: "application/json",
    body: Buffer.from(JSON.stringify(value)),
  });
  const classes =
    typeof fare === "string" ? { probabilities: { [fare]: 1 } } : { lower: fare - 1, upper: fare + 1 };
  const exchange = {
    ...{ eventId: "e", inferenceId: id, input: body({ instances: [{ distance }] }) },
    output: body({ predictions: [{ value: fare, ...classes }] }),
  };
  const config = {
    ...{ CaptureOptions: [{ CaptureMode: "InputAndOutput" as const }], CaptureContentTypeHeader: header },
    ...{ InitialSamplingPercentage: 100, DestinationS3Uri: "s3://b/captured" },
  };
  return JSON.stringify(capturedLine(config, exchange, now));
}

async function* stored(...objects: Stored[]): AsyncGenerator<Stored> {
  for (const object of objects) yield await Promise.resolve(object);
}

const trips = Array.from({ length: 300 }, (_, index) => ({
  id: `r${index}`,
  distance: index % 100,
  fare: index % 50,
}));

function world(lines: string[], labels: Stored[] = [], changes: Partial<Ports> = {}): Ports {
  const of = (key: "distance" | "fare") =>
    profileOf(
      trips.map((trip) => trip[key]),
      "number",
    );
  return {
    ...{ release: "r", target: "fare", captureDays: 14, now: () => now },
    baseline: () =>
      Promise.resolve({
        snapshot: "s",
        profile: { rows: 300, columns: { distance: of("distance"), fare: of("fare") } },
        predictions: trips.map(({ fare }) => fare),
      }),
    captured: () => stored({ key: "captured/r/e/v/1.jsonl", text: lines.join("\n") }),
    labels: () => stored(...labels),
    ...changes,
  };
}

describe("a look of the model monitor", () => {
  it("finds no drift in the same requests, whether they were captured as text or in Base64", async () => {
    for (const header of [json, {}]) {
      const found = await look(world(trips.map((trip) => line(trip, header))));
      expect(found).to.include({ captured: 300, requests: 300, unreadable: 0, prediction: 0 });
      expect(found.columns).to.deep.equal([{ column: "distance", index: 0 }]);
    }
  });

  it("finds the column that has changed, and the predictions that have", async () => {
    const found = await look(
      world(trips.map((trip) => line({ ...trip, distance: trip.distance * 3, fare: 49 }))),
    );
    expect(found.columns[0]!.index).to.be.above(0.25);
    expect(found.prediction).to.be.above(0.25);
  });

  it("gives no figure of few records, and none of the release engine's own requests", async () => {
    const few = await look(world(trips.slice(0, 199).map((trip) => line(trip))));
    expect(few).to.deep.include({ captured: 199, columns: [], prediction: null });
    const probes = await look(world(trips.map((trip) => line({ ...trip, id: `probe-${trip.id}` }))));
    expect(probes).to.deep.include({ captured: 0, requests: 0, columns: [] });
    const names = metricData("dev", probes, now).map(({ MetricName }) => MetricName);
    expect(names, "no figure, no alarm").to.deep.equal(["Captured", "Labels"]);
  });

  it("counts what it cannot read, and compares the rest", async () => {
    const csv = line(trips[0]!).replace(/instances/, "rows");
    const found = await look(world([...trips.map((trip) => line(trip)), csv, "no JSON"]));
    expect(found).to.include({ requests: 300, unreadable: 2 });
  });

  it("joins labels by the request's id, in JSON Lines and CSV, the newest of each", async () => {
    const truths = trips.slice(0, 150).map(({ id, fare }) => ({ requestId: id, fare: fare + 2 }));
    const csv = `requestId,fare\nr0,${trips[0]!.fare + 152}\nunknown,1\nr1,\n`;
    const labels = [
      { key: "labels/a.jsonl", text: truths.map((truth) => JSON.stringify(truth)).join("\n") },
      { key: "labels/b.csv", text: csv },
    ];
    const { quality } = await look(
      world(
        trips.map((trip) => line(trip)),
        labels,
      ),
    );
    expect(quality).to.deep.equal({
      ...{
        labels: 151,
        joined: 150,
        unreadable: 1,
        measure: "mean absolute error",
        error: (149 * 2 + 152) / 150,
      },
    });
  });

  it("looks for labelled requests as far back as they are kept, beyond the day that is compared", async () => {
    const asked: string[] = [];
    const captured = (since: Date) => (asked.push(since.toISOString()), stored());
    const label = { key: "labels/a.jsonl", text: '{"requestId": "r0", "fare": 1}' };
    const { quality } = await look(world([], [label], { captured }));
    expect(asked).to.deep.equal(["2026-11-28T12:00:00.000Z", "2026-11-15T12:00:00.000Z"]);
    expect(quality).to.include({ labels: 1, joined: 0, error: null });
  });

  it("tells the share of wrong classes, and nothing of too few labels", async () => {
    const profile = { rows: 2, columns: { fare: profileOf(["high", "low"], "category") } };
    const baseline = () => Promise.resolve({ snapshot: "s", profile, predictions: [] });
    const lines = trips.map((trip) => line({ ...trip, fare: "high" }));
    const labelled = (count: number) => {
      const rows = trips.slice(0, count).map(({ id }, index) => `${id},${index % 4 ? "high" : "low"}`);
      return [{ key: "labels/a.csv", text: ["requestId,fare", ...rows].join("\n") }];
    };
    const { quality } = await look(world(lines, labelled(200), { baseline }));
    expect(quality).to.include({ measure: "share of wrong answers", error: 0.25, joined: 200 });
    expect((await look(world(lines, labelled(99), { baseline }))).quality.error).to.equal(null);
  });

  it("becomes metrics of the stack: the greatest drift, and that of each column", async () => {
    const found = await look(world(trips.map((trip) => line(trip))));
    expect(
      metricData("dev", found, now).map(({ MetricName, Dimensions = [], Value }) => [
        MetricName,
        ...Dimensions.map((each) => each.Value),
        Value,
      ]),
    ).to.deep.equal([
      ["Captured", "dev", 300],
      ["Labels", "dev", 0],
      ["FeatureDrift", "dev", 0],
      ["FeatureDrift", "dev", "distance", 0],
      ["PredictionDrift", "dev", 0],
    ]);
  });
});
