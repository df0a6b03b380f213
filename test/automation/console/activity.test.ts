import { expect } from "chai";
import { activityBetween } from "../../../automation/console/activity";
import {
  type Endpoint,
  type Job,
  type Monitor,
  type Release,
  type Traffic,
} from "../../../automation/console/sections";

const job = (changes: Partial<Job>): Job => ({
  ...{ kind: "training", name: "slipway-local-train-1", status: "InProgress", detail: "Training" },
  ...{ createdAt: "2026-01-31T12:00:00.000Z", endedAt: null, metrics: {}, ...changes },
});

const endpoint = (changes: Partial<Endpoint>): Endpoint => ({
  ...{
    name: "slipway-local",
    status: "InService",
    failure: null,
    since: null,
    variants: [],
    deployment: null,
  },
  ...changes,
});

const variant = (release: string, role: "in service" | "taking over") => ({
  ...{ name: "AllTraffic", release, role, share: null, instances: 1 },
});

const release = (changes: Partial<Release>): Release => ({
  ...{
    id: "r1",
    state: "not judged",
    at: "2026-01-31T12:00:00.000Z",
    commit: null,
    error: "1.44 USD",
    takenBack: null,
    gate: null,
  },
  ...changes,
});

const texts = (before: Parameters<typeof activityBetween>[0], after: Parameters<typeof activityBetween>[1]) =>
  activityBetween(before, after).map(({ text, tone }) => `${tone}: ${text}`);

describe("the activity between two looks at a stack", () => {
  it("is none when nothing has changed, or a section was not read before", () => {
    expect(activityBetween({ jobs: [job({})] }, { jobs: [job({})] })).to.deep.equal([]);
    expect(activityBetween({}, { jobs: [job({})] })).to.deep.equal([]);
  });

  it("tells of each state of a job, and why it failed", () => {
    const name = "training job slipway-local-train-1";
    expect(texts({ jobs: [] }, { jobs: [job({})] })).to.deep.equal([`plain: ${name}: in progress, training`]);
    const failed = job({ status: "Failed", detail: "AlgorithmError: no rows" });
    expect(texts({ jobs: [job({})] }, { jobs: [failed] })).to.deep.equal([
      `bad: ${name}: failed, AlgorithmError: no rows`,
    ]);
    const done = job({ status: "Completed", detail: "" });
    expect(texts({ jobs: [job({})] }, { jobs: [done] })).to.deep.equal([`good: ${name}: completed`]);
  });

  it("tells of what lands, and of rows set aside", () => {
    const source = { name: "s3", objects: 1, bytes: 10, newest: null };
    const snapshot = {
      ...{ hash: "0123456789abcdef", at: "", read: 6433, rejected: 27, duplicates: 0, kept: 6406 },
      ...{ reasons: [], served: false },
    };
    const before = { sources: [source], snapshots: [], shift: [] };
    const after = { sources: [{ ...source, objects: 3 }], snapshots: [snapshot], shift: [] };
    expect(texts({ data: before }, { data: after })).to.deep.equal([
      "plain: 2 objects landed from s3",
      "plain: snapshot 0123456789ab: 6,406 rows, 27 set aside",
    ]);
  });

  it("tells of the gate's word, and of what is served", () => {
    const gate = { decision: "rejected", reason: "worse", champion: "r0", checks: [] } as const;
    expect(texts({ releases: [] }, { releases: [release({})] })).to.deep.equal([
      "plain: release r1 is in the registry",
    ]);
    expect(
      texts(
        { releases: [release({})] },
        { releases: [release({ state: "rejected", gate: { ...gate, checks: [] } })] },
      ),
    ).to.deep.equal(["bad: the gate has rejected release r1"]);
    expect(texts({ releases: [release({})] }, { releases: [release({ state: "served" })] })).to.deep.equal([
      "plain: release r1 is the one to be served",
    ]);
  });

  it("tells of a canary, and of a rollback with SageMaker's reason", () => {
    const served = endpoint({ variants: [variant("r0", "in service")] });
    const canary = endpoint({
      ...{ status: "Updating", variants: [variant("r0", "in service"), variant("r1", "taking over")] },
    });
    expect(texts({ endpoint: served }, { endpoint: canary })).to.deep.equal([
      "plain: release r1 begins to take over",
      "plain: the endpoint is updating",
    ]);
    const done = endpoint({ variants: [variant("r1", "in service")] });
    expect(texts({ endpoint: canary }, { endpoint: done })).to.deep.equal([
      "good: release r1 is in service",
      "good: the endpoint is in service",
    ]);
    const back = endpoint({ status: "RollingBack", failure: "an alarm rang" });
    expect(texts({ endpoint: canary }, { endpoint: back })).to.deep.equal([
      "bad: the endpoint is rolling back: an alarm rang",
    ]);
  });

  it("lights up what answers a request, without a line in the list", () => {
    const span = { at: 5000, answered: 1, refused: 0, failed: 0, p50: 5, p95: 5 };
    const traffic = (changes: Partial<typeof span>): Traffic => ({
      ...{ seconds: 5, spans: [{ ...span, ...changes }], releases: {} },
    });
    expect(activityBetween({ traffic: traffic({}) }, { traffic: traffic({ answered: 2 }) })).to.deep.equal([
      { components: ["api", "endpoint", "results"], tone: "plain" },
    ]);
    expect(activityBetween({ traffic: traffic({}) }, { traffic: traffic({ failed: 1 }) })).to.deep.equal([
      { components: ["api", "endpoint"], tone: "bad" },
    ]);
    // The oldest span leaves the window: nobody has asked.
    expect(
      activityBetween({ traffic: traffic({}) }, { traffic: { ...traffic({}), spans: [] } }),
    ).to.deep.equal([]);
  });

  it("tells of mails, of what is lost, and of alarms by the component that they watch", () => {
    const mail = {
      id: "1",
      at: "",
      to: "a@b.c",
      subject: "Released",
      kind: "release.deployed",
      severity: "info",
    };
    expect(
      texts(
        { messages: { waiting: 0, dead: 0, mails: [] } },
        { messages: { waiting: 0, dead: 1, mails: [mail] } },
      ),
    ).to.deep.equal(["plain: mail to a@b.c: Released", "bad: 1 more that could not be published"]);
    const alarm = {
      ...{ name: "source-trips-lag", component: "sources", state: "OK", reason: "", since: null },
      ...{ description: "", metric: null, threshold: null },
    };
    const rings = { ...alarm, state: "ALARM", reason: "too late" };
    expect(activityBetween({ alarms: [alarm] }, { alarms: [rings] })).to.deep.equal([
      { components: ["sources"], text: "the alarm source-trips-lag rings: too late", tone: "bad" },
    ]);
  });

  it("tells of each look of the model monitor", () => {
    const monitor = (at: string, captured: number, columns: Monitor["columns"]): Monitor => ({
      ...{ look: { at, captured, labels: 0 }, fewest: { records: 200, labels: 100 }, columns },
      ...{ prediction: null, error: null, errorUnit: "USD" },
    });
    const [first, second] = ["2026-01-31T12:00:00.000Z", "2026-01-31T13:00:00.000Z"];
    const distance = { column: "distance", value: 0.314, day: [] };
    expect(activityBetween({ monitor: null }, { monitor: monitor(first, 400, [distance]) })).to.deep.equal([
      {
        components: ["monitor"],
        text: "the model monitor has looked at 400 records: distance has changed most, 0.31",
        tone: "plain",
      },
    ]);
    const same = monitor(first, 400, [distance]);
    expect(activityBetween({ monitor: same }, { monitor: same })).to.deep.equal([]);
    expect(texts({ monitor: same }, { monitor: monitor(second, 12, []) })).to.deep.equal([
      "plain: the model monitor has looked at 12 records: too few to compare",
    ]);
  });
});
