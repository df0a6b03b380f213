import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HttpSource } from "../../../components/sources/http-source";
import { MisbehavingServer } from "../../handlers/ingest-http/server";
import { SourceStack } from "./source-stack";

const trips = readFileSync(join(__dirname, "../../../data/taxis.csv"));

describe("http source on the laptop", function () {
  this.timeout(120_000);
  let world: SourceStack;
  let server: MisbehavingServer;

  before(async function () {
    server = await MisbehavingServer.start();
    const url = server.url("/trips.csv");
    const started = await SourceStack.start((common) => {
      new HttpSource("tlc", { ...common, source: "tlc", settings: { kind: "http", url, maxMegabytes: 2 } });
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
    await world.stack.up({ refresh: true, expectNoChanges: true });
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

  /** Answers with this, whole, from now on. */
  const serve = (body: string | Buffer, headers: Record<string, string>, status = 200) => {
    server.answer = (_, response) => response.writeHead(status, headers).end(body);
  };
  const csv = { "content-type": "text/csv" };
  const [header, ...lines] = trips.toString().split("\n");
  const part = (...rows: number[]) => [header, ...rows.map((row) => lines[row]), ""].join("\n");

  it("sets aside an HTML page, a changed schema and an endless body, and lands the document that comes then", async () => {
    serve("<!doctype html><title>Log in</title>", { "content-type": "text/html" });
    const page = await world.run("tlc");
    serve(part(1).replace("fare", "price"), csv);
    const renamed = await world.run("tlc");
    server.answer = (_, response) => {
      const more = () => void (response.writableEnded || response.write(trips, more));
      response.writeHead(200, csv);
      more();
    };
    const endless = await world.run("tlc");
    const said = [page, renamed, endless].flatMap(({ setAside }) => setAside.map(({ reason }) => reason));
    const url = server.url("/trips.csv");
    expect(said).to.deep.equal([
      `${url} is HTML or XML, such as an error or a login page`,
      `${url} has no column 'fare', which is required; it has ${header!.replace("fare", "price").replaceAll(",", ", ")}`,
      `${url} does not end after the 2 MB that the source takes (maxMegabytes)`,
    ]);
    serve(part(1, 2), csv);
    expect((await world.run("tlc")).landed.map(({ rows }) => rows)).to.deep.equal([2]);
  });

  it("follows a redirect, tries again what a server that is ill refuses, and goes into no network", async () => {
    let ill = 1;
    server.answer = ({ url }, response) => {
      if (url === "/trips.csv") response.writeHead(302, { location: "/new.csv" }).end();
      else if (ill-- > 0) response.writeHead(500).end();
      else response.writeHead(200, { ...csv, etag: '"3"' }).end(part(3, 4, 5));
    };
    expect((await world.run("tlc")).landed.map(({ rows }) => rows)).to.deep.equal([3]);
    serve("", { location: "http://169.254.169.254/latest/meta-data/" }, 302);
    expect(await world.run("tlc").catch((reason: Error) => reason.message)).to.match(
      /^The source tlc has landed nothing: 169\.254\.169\.254 is not asked: .* The next run tries it again\.$/,
    );
  });

  it("lands nothing twice when it was killed after it had landed", async () => {
    serve(part(6), { ...csv, etag: '"4"' });
    expect((await world.run("tlc")).landed.map(({ rows }) => rows)).to.deep.equal([1]);
    await world.rewind("tlc", ({ etag }) => etag === '"3"');
    expect((await world.run("tlc")).landed).to.deep.equal([]);
    const { rows } = await world.snapshot("tlc"); // all of the other documents' rows are in the first, too
    expect(rows).to.include({ read: 6433 + 2 + 3 + 1, rejected: 0 });
    expect(rows.duplicates)
      .to.equal(rows.read - rows.kept)
      .and.least(2 + 3 + 1);
  });

  it("runs by its schedule", async () => {
    const asked = server.asked.length;
    await world.runScheduleNow("tlc");
    while (server.asked.length === asked) await sleep(100); // mocha's time limit ends it
    expect(server.asked.at(-1)?.headers["if-none-match"]).to.equal('"4"');
  });

  it("is gone when it is destroyed", async () => {
    await world.stack.destroy();
    expect(await world.resources()).to.deep.equal([]);
  });
});
