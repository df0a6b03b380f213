import { ModelError } from "@aws-sdk/client-sagemaker-runtime";
import { expect } from "chai";
import { finish, start } from "../../../handlers/score/score";
import { csvLine, header, id, jsonLine, World } from "./world";

const csv = (...distances: (number | string)[]) => [header, ...distances.map(csvLine)].join("\n");
const completed = { id, job: `job-${id}`, status: "Completed" } as const;

const modelError = (status: number, body: object) =>
  new ModelError({
    ...{ $metadata: {}, message: "Received client error", OriginalStatusCode: status },
    OriginalMessage: JSON.stringify(body),
  });

describe("scoring by the endpoint", () => {
  it("writes the uploaded cells beside the predictions, and the bad rows with their reasons", async () => {
    const world = new World("csv", csv(1.5, "far", 2));
    await start(world.upload, world.run, world.ports);
    expect(world.results).to.equal(
      `${header},prediction,lower,upper,release\n` +
        "2019-03-23 20:21:09,1,1.5,yellow,Lenox Hill West,15,14,16,r-1\n" +
        "2019-03-23 20:21:09,1,2,yellow,Lenox Hill West,20,19,21,r-1\n",
    );
    expect(world.rejected.map(({ row, errors }) => [row, ...errors])).to.deep.equal([
      [2, { field: "distance", value: "far", rule: "must be a number" }],
    ]);
    expect(world.rejected[0]?.input).to.include({ distance: "far", color: "yellow" });
    expect(world.batches.batch).to.include({ status: "completed", rows: 3, done: 3, rejected: 1 });
    expect(world.batches.history).to.deep.equal(["queued", "running", "completed"]);
  });

  it("tells the subscribers how many there were, and between what they lie", async () => {
    const world = new World("csv", csv(1, 2, 6, "far"));
    await start(world.upload, world.run, world.ports);
    expect(world.events.map(({ kind, severity, id: event }) => [kind, severity, event])).to.deep.equal([
      ["batch.completed", "warning", `batch/${id}/completed`],
    ]);
    expect(world.events[0]?.detail).to.deep.include({
      ...{ batch: id, release: "r-1", target: "fare", unit: "USD", rows: 4, rejected: 1, seconds: 60 },
      summary: { lowest: 10, highest: 60, mean: 30 },
    });
  });

  it("asks in requests of 500 records, in the rows' order, also when a later one is answered first", async () => {
    const world = new World("jsonl", Array.from({ length: 1201 }, (_, at) => jsonLine(at / 1000)).join("\n"));
    const before = world.ports;
    const delays = [30, 0, 0];
    const ports = {
      ...before,
      invoke: async (body: string) => {
        await new Promise((resolve) => setTimeout(resolve, delays.shift()));
        return before.invoke(body);
      },
    };
    await start(world.upload, world.run, ports);
    const sizes = world.asked.map((body) => (JSON.parse(body) as { instances: object[] }).instances.length);
    expect(sizes.sort()).to.deep.equal([201, 500, 500]);
    const lines = (world.results ?? "").trim().split("\n");
    const found = lines.map((line) => JSON.parse(line) as { distance: number; prediction: number });
    expect(found.map(({ distance }) => distance)).to.deep.equal(found.map((_, at) => at / 1000));
    expect(found).to.have.length(1201);
    expect(found.every(({ distance, prediction }) => prediction === 10 * distance)).to.equal(true);
  });

  it("sets aside what the model alone refuses", async () => {
    const world = new World("csv", csv(1, 13, 2));
    await start(world.upload, world.run, world.ports);
    expect(world.rejected.map(({ row, errors }) => [row, ...errors])).to.deep.equal([
      [2, { field: "distance", value: 13, rule: "is unlucky" }],
    ]);
    expect(world.batches.batch).to.include({ status: "completed", rejected: 1 });
  });

  it("scores an upload once, whoever tells of it again, and goes on when Lambda runs it again", async () => {
    const world = new World("csv", csv(1));
    let died = false;
    const dying = {
      ...world.ports,
      objects: { ...world.ports.objects, read: () => new Promise<never>(() => (died = true)) },
    };
    void start(world.upload, world.run, dying);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(died).to.equal(true);
    await start(world.upload, { ...world.run, id: "run-2" }, world.ports);
    expect(world.asked).to.have.length(0);
    await start(world.upload, world.run, world.ports);
    await start(world.upload, world.run, world.ports);
    expect(world.asked).to.have.length(1);
    expect(world.events).to.have.length(1);
  });

  it("asks again while the endpoint is busy", async () => {
    const world = new World("csv", csv(1));
    const { endpoint } = world;
    world.endpoint = (body, tried) => {
      if (tried < 3) throw Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
      return endpoint(body, tried);
    };
    await start(world.upload, world.run, world.ports);
    expect(world.asked).to.have.length(3);
    expect(world.batches.batch.status).to.equal("completed");
  });

  for (const [why, spoil] of Object.entries<(world: World) => void>({
    "stays busy": (world) => {
      world.endpoint = () => {
        throw Object.assign(new Error("Rate exceeded"), { name: "ThrottlingException" });
      };
    },
    "changes over to another release": (world) => {
      const { endpoint } = world;
      world.endpoint = (body, at) => ({ ...endpoint(body, at), customAttributes: `release=r-${at}` });
    },
    "is out of time": (world) => {
      world.endpoint = () => {
        world.remaining = 100_000;
        throw Object.assign(new Error("socket"), { name: "TimeoutError" });
      };
    },
  })) {
    it(`hands over to a transform job when it ${why}, and leaves nothing half done`, async () => {
      const world = new World(
        "jsonl",
        Array.from({ length: 600 }, (_, at) => jsonLine(at / 1000)).join("\n"),
      );
      spoil(world);
      await start(world.upload, world.run, world.ports);
      expect(world.jobs).to.deep.equal([id]);
      expect(world.results).to.equal(undefined);
      world.transform();
      await finish(completed, world.ports);
      expect(world.batches.batch).to.include({ status: "completed", release: "r-1", rows: 600, done: 600 });
    });
  }

  it("fails with the model's words when it refuses a request, and logs none of them", async () => {
    const world = new World("csv", csv(1));
    world.endpoint = () => {
      throw modelError(400, { message: "instance 0: color must be one of secret" });
    };
    await start(world.upload, world.run, world.ports);
    expect(world.batches.batch.reason).to.equal(
      "The model refuses rows 1 to 1 of the file: instance 0: color must be one of secret",
    );
    expect(world.events.map(({ kind }) => kind)).to.deep.equal(["batch.failed"]);
    expect(world.asked).to.have.length(1);
  });

  it("fails when the model answers something else", async () => {
    const world = new World("csv", csv(1, 2));
    world.endpoint = () => ({ body: '{"predictions": []}' });
    await start(world.upload, world.run, world.ports);
    expect(world.batches.batch.reason).to.match(/^The model has not answered with one prediction for each/);
  });

  it("fails without the particulars when something breaks here", async () => {
    const world = new World("csv", csv(1));
    world.objects.clear();
    await start(world.upload, world.run, world.ports);
    expect(world.batches.batch.status).to.equal("failed");
    expect(world.batches.batch.reason).to.match(/^The batch could not be scored, and not because/);
    expect(world.log.text()).to.include("no object");
  });

  it("fails when no row can be predicted, with the rejected rows to read why", async () => {
    const world = new World("csv", csv("far", "near"));
    await start(world.upload, world.run, world.ports);
    expect(world.batches.batch).to.include({ status: "failed", rows: 2, done: 2, rejected: 2 });
    expect(world.rejected).to.have.length(2);
    expect(world.asked).to.have.length(0);
  });
});

describe("scoring by a transform job", () => {
  const large = (format: "csv" | "jsonl", input: string) => {
    const world = new World(format, input);
    world.endpointBytes = 10;
    return world;
  };

  it("gives the job the valid records, and joins its answers with the uploaded rows", async () => {
    const world = large("csv", csv(1, "far", 13, 2));
    await start(world.upload, world.run, world.ports);
    expect(world.batches.batch).to.deep.include({
      ...{ status: "running", rows: 4, done: 1, parts: [3], job: `job-${id}`, release: "r-1" },
    });
    expect(world.objects.get(`batches/records/${id}/00000.jsonl`)?.split("\n")[0]).to.equal(
      '{"pickup":"2019-03-23 20:21:09","passengers":1,"distance":1,"color":"yellow","pickup_zone":"Lenox Hill West"}',
    );
    world.transform();
    await finish(completed, world.ports);
    expect((world.results ?? "").match(/,(10|20),.*r-1/g)).to.have.length(2);
    expect(world.rejected.map(({ row }) => row)).to.deep.equal([2, 3]);
    expect(world.batches.batch).to.include({ status: "completed", rows: 4, done: 4, rejected: 2 });
    expect(world.asked).to.deep.equal([]);
  });

  it("cuts the records into objects, and puts their answers together again", async () => {
    const world = large("jsonl", Array.from({ length: 45_000 }, (_, at) => jsonLine(at / 1000)).join("\n"));
    await start(world.upload, world.run, world.ports);
    expect(world.batches.batch.parts).to.deep.equal([20_000, 20_000, 5000]);
    world.transform();
    await finish(completed, world.ports);
    const lines = (world.results ?? "").trim().split("\n");
    const last = JSON.parse(lines.at(-1) ?? "") as { distance: number; prediction: number };
    expect(lines).to.have.length(45_000 - 1); // 13 miles are refused
    expect(last.prediction).to.equal(10 * last.distance);
  });

  it("tells why the job failed, once, and ends no batch twice", async () => {
    const world = large("csv", csv(1));
    await start(world.upload, world.run, world.ports);
    const failed = {
      ...completed,
      status: "Failed",
      reason: "AlgorithmError: s3://data-1/b.jsonl: out of memory",
    } as const;
    await finish(failed, world.ports);
    await finish(failed, world.ports);
    world.transform();
    await finish(completed, world.ports);
    expect(world.batches.batch.reason).to.equal(
      `Its transform job job-${id} failed: AlgorithmError: ... out of memory`,
    );
    expect(world.events.map(({ kind }) => kind)).to.deep.equal(["batch.failed"]);
    expect(world.results).to.equal(undefined);
  });

  it("fails when the job has answered for fewer records than it was given", async () => {
    const world = large("csv", csv(1, 2));
    await start(world.upload, world.run, world.ports);
    world.transform();
    world.objects.set(`batches/answers/${id}/00000.jsonl.out`, '{"value":1,"lower":0,"upper":2}\n');
    await finish(completed, world.ports);
    expect(world.batches.batch.reason).to.match(/^The model has not answered with one prediction for each/);
    expect(world.results).to.equal(undefined);
  });

  it("fails at once when the release is gone, or when a file is too long for one run", async () => {
    const gone = large("csv", csv(1));
    gone.served = { model: "", release: "" };
    await start(gone.upload, gone.run, gone.ports);
    expect(gone.batches.batch.reason).to.match(/^There is no model any more/);
    const long = large("csv", csv(1));
    long.remaining = 1000;
    await start(long.upload, long.run, long.ports);
    expect(long.batches.batch.reason).to.match(
      /^The uploaded file has more rows than can be read in one run/,
    );
    expect([...gone.jobs, ...long.jobs]).to.deep.equal([]);
  });
});
