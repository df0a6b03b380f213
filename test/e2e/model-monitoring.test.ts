import { ListBucketsCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Look } from "../../handlers/monitor/look";
import { root } from "./laptop";
import { Workshop } from "./workshop";

interface Demo {
  release: string;
  predictionUrl: string;
  apiKey: string;
}

interface Answered {
  requestId: string;
  predictions: { value: number }[];
}

type Trip = Record<string, string>;

const trips = parse<Trip>(readFileSync(join(root, "data", "taxis.csv"), "utf8"), { columns: true });
const asked = 400;
/** Evenly from all of them, so that only what is changed is distributed differently. */
const sample = Array.from(
  { length: asked },
  (_, index) => trips[Math.floor((index * trips.length) / asked)]!,
);

/** The trip, three times as long. */
const recordOf = (trip: Trip) => ({
  ...{
    pickup: trip.pickup,
    passengers: Number(trip.passengers),
    distance: Math.min(3 * Number(trip.distance), 200),
  },
  ...{ color: trip.color, pickup_zone: trip.pickup_zone || null, dropoff_zone: trip.dropoff_zone || null },
  ...{ pickup_borough: trip.pickup_borough || null, dropoff_borough: trip.dropoff_borough || null },
});

/** A real-time endpoint whose requests are captured, and the monitor that compares them on its schedule. */
describe("the model monitor on the laptop", function () {
  this.timeout(600_000);
  const perRequest = 10;
  const workshop = new Workshop();
  const labels: { requestId: string; record: number; fare: number; error: number }[] = [];
  let demo: Demo;

  before(async () => {
    workshop.configure("local", {
      ...{ endpoint: "real-time", captureSharePercent: 100, monitorSchedule: "rate(1 minute)" },
      ...{ maxDrift: 0.25, maxModelError: 5 },
      ...{ requestsPerSecond: 1000, burst: 1000 },
    });
    workshop.change(0);
    demo = await workshop.json<Demo>("demo");
    for (let from = 0; from < asked; from += perRequest) {
      const some = sample.slice(from, from + perRequest);
      const response = await fetch(demo.predictionUrl, {
        method: "POST",
        headers: { "content-type": "application/json", "x-api-key": demo.apiKey },
        body: JSON.stringify({ instances: some.map(recordOf) }),
      });
      const text = await response.text();
      expect(response.status, text).to.equal(200);
      const { requestId, predictions } = JSON.parse(text) as Answered;
      predictions.forEach(({ value }, record) => {
        const fare = Number(some[record]!.fare);
        labels.push({ requestId, record, fare, error: Math.abs(value - fare) });
      });
    }
  });
  after(() => workshop.remove());

  it("rings on its schedule: the mail says which drift", async () => {
    const mail = await workshop.mail(({ body }) => body.includes("slipway-local-feature-drift"));
    expect(mail.attributes.kind).to.equal("alarm");
    expect(mail.body).to.include("npx slipway monitor local");
  });

  it("shows the column that has changed, and that no other has", async () => {
    const look = await workshop.json<Look>("monitor", "local");
    expect(look.release).to.equal(demo.release);
    expect(look.captured).to.be.within(asked, asked + perRequest); // and what the demo itself has asked
    expect(look.unreadable).to.equal(0);
    const [first, ...others] = look.columns;
    expect(first!.column).to.equal("distance");
    expect(first!.index).to.be.above(0.25);
    expect(others.filter(({ index }) => index >= 0.25)).to.deep.equal([]);
    expect(others.map(({ column }) => column)).to.have.members([
      ...["passengers", "color", "pickup_zone", "dropoff_zone", "pickup_borough", "dropoff_borough"],
    ]);
    expect(look.prediction).to.be.above(0.25);
    expect(look.quality).to.include({ labels: 0, error: null });
  });

  it("tells the model's error once there are labels, and rings", async () => {
    const s3 = new S3Client({ ...(await workshop.client("s3")), forcePathStyle: true });
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    const Bucket = Buckets.map(({ Name }) => Name!).find((name) => name.startsWith("slipway-local-data-"));
    const rows = labels.map(({ requestId, record, fare }) => `${requestId},${record},${fare}`);
    const Body = ["requestId,record,fare", ...rows].join("\n");
    await s3.send(new PutObjectCommand({ Bucket, Key: "labels/trips.csv", Body }));
    const { quality } = await workshop.json<Look>("monitor", "local");
    expect(quality).to.include({
      labels: asked,
      joined: asked,
      unreadable: 0,
      measure: "mean absolute error",
    });
    const mean = labels.reduce((sum, { error }) => sum + error, 0) / asked;
    expect(mean).to.be.above(5);
    expect(quality.error).to.be.closeTo(mean, 1e-6);
    const mail = await workshop.mail(({ body }) => body.includes("slipway-local-model-error"));
    expect(mail.attributes.kind).to.equal("alarm");
    const { stdout } = await workshop.slipway(["monitor", "local"]);
    expect(stdout).to.match(/distance\s+\d+\.\d\d\s+has changed/);
    expect(stdout).to.match(/mean absolute error: \d+\.\d\d USD/);
  });
});
