import { expect } from "chai";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { passGate } from "../../../../automation/release/gate/pass";
import { knownRecords } from "../../../../automation/release/holdout";
import { projectRoot } from "../../../../automation/project";
import { readRecord, type ReleaseRecord } from "../../../../automation/release/record";
import { type Container, World } from "../world";
import { settings } from "./rows";

const fares = { "": Array.from({ length: 200 }, (_, index) => 5 + (index % 37)) };
/** Off by so much, one way and the other; the distance tells the fare. */
const off =
  (dollars: number): Container =>
  ({ distance }, index) => ({ value: 2 * Number(distance) + (index % 2 ? dollars : -dollars) });
const dies =
  (reason: string): Container =>
  () => {
    throw new Error(reason);
  };

describe("passGate", () => {
  const stack = "unit-test";
  let world: World;
  beforeEach(() => (world = new World(stack)));
  after(() => rmSync(join(projectRoot, ".slipway", "reports", stack), { recursive: true, force: true }));

  const pass = (record: ReleaseRecord, gate = settings) => passGate(world.context(gate), record);
  const kept = async (id: string) => (await readRecord(world.context(settings).clients.s3, "data", id))!;
  const kinds = () => world.events.map(({ kind }) => kind);

  /** `champion` is served; `challenger` was trained after it. */
  function duel(champion: Container, challenger: Container): ReleaseRecord {
    world.trained("champion", champion, fares);
    world.served = "champion";
    return world.trained("challenger", challenger, fares);
  }

  it("accepts a better challenger: Approved in the registry, no mail yet, no model left behind", async () => {
    const { state, reason } = await pass(duel(off(2), off(1)));
    expect(state).to.equal("accepted");
    expect(reason).to.include("its error is 1.00 USD, that of the served release 2.00 USD: 50.0 % less");
    expect(world.approvals.get("arn:challenger")?.status).to.equal("Approved");
    expect(world.jobs.map((name) => name.replace(/-[^-]+$/, ""))).to.have.members([
      "slipway-unit-evaluate-challenger-challenger",
      "slipway-unit-evaluate-challenger-champion",
    ]);
    expect([...world.models]).to.deep.equal([]);
    expect(kinds()).to.deep.equal([]);
  });

  it("rejects a worse one with figures, and refuses it again without a job for as long as nothing else changed", async () => {
    const { state } = await pass(duel(off(1), off(2)));
    expect(state).to.equal("rejected");
    expect(world.approvals.get("arn:challenger")).to.deep.include({ status: "Rejected" });
    expect(world.approvals.get("arn:challenger")?.description).to.match(/^The gate: .*100\.0 % more/);
    expect(world.events[0]?.detail.reason).to.include("2.00 USD");
    const before = world.jobs.length;
    expect((await pass(await kept("challenger"))).state).to.equal("rejected");
    expect(world.jobs.length).to.equal(before);
    expect(kinds()).to.deep.equal(["release.rejected"]);
  });

  it("judges a rejected one anew against another champion", async () => {
    await pass(duel(off(1), off(2)));
    world.trained("other", off(5), fares);
    world.served = "other";
    expect((await pass(await kept("challenger"))).state).to.equal("accepted");
    expect(world.approvals.get("arn:challenger")?.status).to.equal("Approved");
    expect((await kept("challenger")).gate?.champion).to.equal("other");
  });

  it("takes an accepted one as it is, whoever is served now", async () => {
    await pass(duel(off(2), off(1)));
    world.trained("other", off(0.1), fares);
    world.served = "other";
    const before = world.jobs.length;
    expect((await pass(await kept("challenger"))).state).to.equal("accepted");
    expect(world.jobs.length).to.equal(before);
  });

  it("rejects one whose container does not serve, or answers without predictions", async () => {
    const { state, reason } = await pass(duel(off(1), dies("AlgorithmError: /ping was not answered")));
    expect(state).to.equal("rejected");
    expect(reason).to.include("/ping was not answered").and.include("0 of 200 held-out rows");
    const silent = world.trained("silent", () => ({ message: "distance is unknown" }), fares);
    const answer = await pass(silent);
    expect(answer.state).to.equal("rejected");
    expect(answer.reason).to.include("to row 1 it answers").and.include("distance is unknown");
  });

  it("decides nothing when SageMaker could not run the job, and finishes when it can", async () => {
    const record = duel(off(2), dies("CapacityError: no ml.m5.large"));
    const failed = await pass(record).catch((error: Error) => error);
    expect(failed).to.be.an("error").with.property("message").that.includes("no ml.m5.large");
    expect(world.approvals.get("arn:challenger")?.status).to.equal("PendingManualApproval");
    expect((await kept("challenger")).gate).to.equal(undefined);
    expect([...world.models]).to.deep.equal([]);
    world.containers.set("challenger", off(1));
    expect((await pass(record)).state).to.equal("accepted");
    expect(world.jobs.filter((name) => name.includes("challenger-champion"))).to.have.length(1);
  });

  it("says so when the served release cannot answer, and counts the rest", async () => {
    const { state, record } = await pass(duel(dies("ClientError: 400 unknown field"), off(1)));
    expect(state).to.equal("accepted");
    expect(record.gate?.checks.map(({ name }) => name)).to.include("better than a constant answer");
    expect(world.objects.get("releases/challenger/report.md")).to.match(
      /served release is champion; it is not compared with: .*400 unknown field/,
    );
  });

  it("compares on the rows that the served release answers, when they are most of them", async () => {
    const some: Container = (row, index) => (index % 4 ? off(2)(row, index) : { message: "unknown zone" });
    const { reason } = await pass(duel(some, off(1)));
    expect(reason).to.include("On 150 held-out rows");
  });

  it("lets an accepted one wait for a person, tells once, and heeds the answer in the registry", async () => {
    const manual = { ...settings, approval: "manual" as const };
    expect((await pass(duel(off(2), off(1)), manual)).state).to.equal("pending");
    expect((await pass(await kept("challenger"), manual)).state).to.equal("pending");
    expect(kinds()).to.deep.equal(["release.pending"]);
    world.approvals.set("arn:challenger", { status: "Approved" });
    expect((await pass(await kept("challenger"), manual)).state).to.equal("accepted");
  });

  it("takes a person's no in the registry as final, and tells once", async () => {
    const manual = { ...settings, approval: "manual" as const };
    await pass(duel(off(2), off(1)), manual);
    world.approvals.set("arn:challenger", { status: "Rejected", description: "Too dear" });
    expect(await pass(await kept("challenger"), manual)).to.deep.include({
      state: "rejected",
      reason: "Too dear",
    });
    world.approvals.set("arn:challenger", { status: "Approved" });
    expect((await pass(await kept("challenger"), settings)).state).to.equal("rejected");
    expect(kinds()).to.deep.equal(["release.pending", "release.rejected"]);
  });

  it("keeps rows and answers together when several hosts have processed", async () => {
    const hosts = { "-algo-1": [5, 6, 7], "-algo-2": Array.from({ length: 60 }, (_, index) => 20 + index) };
    const { state, record } = await pass(world.trained("sharded", off(0.5), hosts));
    expect(state).to.equal("accepted");
    expect(record.gate?.checks[1]?.explanation).to.include("On 63 held-out rows its error is 0.50 USD");
    const { s3 } = world.context(settings).clients;
    const known = await knownRecords(s3, "data", "sharded", 3);
    expect(known.map(({ record: { distance } }) => distance)).to.deep.equal([2.5, 19, 29.5]);
    expect(known.map(({ prediction }) => prediction.value)).to.deep.equal([4.5, 37.5, 59.5]);
  });
});
