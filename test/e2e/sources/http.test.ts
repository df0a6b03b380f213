import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpSource } from "../../../components/sources/http-source";
import { MisbehavingServer } from "../../handlers/ingest-http/server";
import { SourceStack } from "./source-stack";

const trips = readFileSync(join(__dirname, "../../../data/taxis.csv"));

describe("http source on the laptop", function () {
  this.timeout(60_000);
  let world: SourceStack;
  let server: MisbehavingServer;

  before(async function () {
    server = await MisbehavingServer.start();
    const url = server.url("/trips.csv");
    const started = await SourceStack.start((common) => {
      new HttpSource("tlc", { ...common, source: "tlc", settings: { kind: "http", url, maxMegabytes: 100 } });
    });
    if (!started) return this.skip(); // this machine has no Pulumi CLI
    world = started;
    await world.stack.up();
  });

  after(async () => {
    await world?.stop();
    await server.stop();
  });

  it("changes nothing when nothing changed, nor after a refresh", async () => {
    await world.stack.refresh({ expectNoChanges: true });
    await world.stack.up({ expectNoChanges: true });
  });

  it("fails with words that name the source and the URL", async () => {
    const error = await world.run("tlc").catch((reason: Error) => reason.message);
    expect(error).to.equal(
      `The source tlc has landed nothing: ${server.url("/trips.csv")} answers 404 Not Found. The next run tries it again.`,
    );
  });

  it("lands the document once it is there, through a connection that breaks", async () => {
    let broken = 0;
    server.answer = ({ headers }, response) => {
      const validators = { etag: '"1"', "last-modified": "Fri, 01 Mar 2019 10:00:00 GMT" };
      if (headers["if-none-match"] === '"1"') return response.writeHead(304).end();
      const from = Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
      const range = { "content-range": `bytes ${from}-${trips.length - 1}/${trips.length}` };
      response.writeHead(from ? 206 : 200, { ...validators, ...(from ? range : {}) });
      if (broken++ > 0) return response.end(trips.subarray(from));
      return response.write(trips.subarray(0, 300_000), () => setTimeout(() => response.destroy(), 50));
    };
    const { landed } = await world.run("tlc");
    expect(landed[0]).to.include({ rows: 6433, bytes: trips.length });
    expect(landed[0]?.object).to.match(/^raw\/tlc\/2019-03-01\/trips-[0-9a-f]{16}\.csv$/);
    expect(await world.run("tlc")).to.deep.equal({ source: "tlc", landed: [], setAside: [] });
  });

  it("runs by its schedule", async () => {
    const asked = server.asked.length;
    await world.runScheduleNow("tlc");
    while (server.asked.length === asked) await sleep(100); // mocha's time limit ends it
    expect(server.asked.at(-1)?.headers["if-none-match"]).to.equal('"1"');
  });

  it("is gone when it is destroyed", async () => {
    await world.stack.destroy();
    expect(await world.resources()).to.deep.equal([]);
  });
});
