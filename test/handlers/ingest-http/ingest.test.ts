import { expect } from "chai";
import { readFileSync } from "node:fs";
import { type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type HttpRun, ingest } from "../../../handlers/ingest-http/ingest";
import { createLog } from "../../../handlers/shared/log";
import { MemoryStore } from "../shared/landing/memory-store";
import { MisbehavingServer } from "./server";

const trips = readFileSync(join(__dirname, "../../../data/taxis.csv"));
const renamed = Buffer.from(trips.toString().replace("fare", "price"));

describe("http source", () => {
  let server: MisbehavingServer;
  let store: MemoryStore;
  let settings: Partial<HttpRun["settings"]>;
  let patience: Partial<HttpRun["patience"]>;

  beforeEach(async () => {
    server = await MisbehavingServer.start();
    store = new MemoryStore();
    settings = {};
    patience = {};
  });
  afterEach(() => server.stop());

  const run = () =>
    ingest({
      source: "tlc",
      settings: { url: server.url("/trips.csv"), maxMegabytes: 10, ...settings },
      store,
      log: createLog({}, () => undefined),
      patience: {
        ...{ idleMilliseconds: 300, retries: 2, pauseMilliseconds: 1 },
        ...{ deadline: AbortSignal.timeout(20_000), ...patience },
      },
    });
  const failure = () =>
    run().then(
      () => "nothing failed",
      (error: Error) => error.message,
    );
  const landed = () => [...store.objects.keys()].filter((key) => /^raw\/.*\.manifest\.json$/.test(key));

  /** A server as servers should be. */
  const serve =
    (body: Buffer | string, headers: Record<string, string> = { etag: '"1"' }) =>
    ({ headers: asked }: IncomingMessage, response: ServerResponse) => {
      if (headers.etag && asked["if-none-match"] === headers.etag) response.writeHead(304).end();
      else response.writeHead(200, headers).end(body);
    };

  it("lands a document, and lands it again only when it has changed", async () => {
    server.answer = serve(trips, { etag: '"1"', "last-modified": "Fri, 01 Mar 2019 10:00:00 GMT" });
    const first = await run();
    expect(first.landed[0]).to.include({ rows: 6433, origin: server.url("/trips.csv") });
    expect(first.landed[0]?.object).to.match(/^raw\/tlc\/2019-03-01\/trips-[0-9a-f]{16}\.csv$/);
    expect((await run()).landed).to.deep.equal([]);
    expect(server.asked[1]?.headers).to.include({
      "if-none-match": '"1"',
      "if-modified-since": "Fri, 01 Mar 2019 10:00:00 GMT",
    });
    server.answer = serve(Buffer.concat([trips, trips]), { etag: '"2"' });
    expect((await run()).landed).to.have.length(1);
    expect(landed()).to.have.length(2);
  });

  it("knows by its bytes a document of which the server says nothing", async () => {
    server.answer = serve(trips, {});
    expect((await run()).landed).to.have.length(1);
    expect(await run()).to.deep.equal({ source: "tlc", landed: [], setAside: [] });
    server.answer = serve(trips.subarray(0, trips.lastIndexOf("\n", trips.length - 2) + 1), {});
    expect((await run()).landed[0]?.rows).to.equal(6432);
    server.answer = serve(trips, {}); // as it was before: landed already
    expect((await run()).landed).to.deep.equal([]);
    expect(landed()).to.have.length(2);
  });

  it("lands it once when the state was lost after it had landed", async () => {
    server.answer = serve(trips);
    store.fault = (change) => (change.includes("state.json") ? new Error("killed") : undefined);
    expect(await failure()).to.contain("killed");
    store.fault = () => undefined;
    expect(await run()).to.deep.equal({ source: "tlc", landed: [], setAside: [] });
    expect(landed()).to.have.length(1);
  });

  it("takes gzip and JSON Lines by name, and by what the server says", async () => {
    server.answer = serve(gzipSync(trips), { etag: '"1"', "content-encoding": "gzip" });
    expect((await run()).landed[0]?.object).to.match(/\.csv\.gz$/);
    const record = { pickup: "2019-03-23 20:21", passengers: 1, distance: 1, fare: 7, color: "yellow" };
    server.answer = serve(JSON.stringify(record), { etag: '"2"', "content-type": "application/x-ndjson" });
    expect((await run()).landed[0]?.object).to.match(/\.jsonl$/);
    settings.url = server.url("/trips.jsonl.gz?day=1");
    server.answer = serve(gzipSync(JSON.stringify(record)), { etag: '"3"' });
    expect((await run()).landed[0]).to.include({ origin: server.url("/trips.jsonl.gz?..."), rows: 1 });
  });

  it("goes on where a broken connection had stopped, again and again", async () => {
    const part = Math.ceil(trips.length / 4);
    server.answer = ({ headers }, response) => {
      const from = Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
      const rest = trips.subarray(from);
      const range = from > 0 ? { "content-range": `bytes ${from}-${trips.length - 1}/${trips.length}` } : {};
      response.writeHead(from > 0 ? 206 : 200, { etag: '"1"', "content-length": rest.length, ...range });
      response.write(rest.subarray(0, part), () => setTimeout(() => response.destroy(), 20));
    };
    expect((await run()).landed[0]).to.include({ rows: 6433, bytes: trips.length });
    expect(server.asked.map(({ headers }) => headers["if-range"])).to.deep.equal([
      undefined,
      ...Array<string>(server.asked.length - 1).fill('"1"'),
    ]);
    expect(server.asked.length).to.be.greaterThan(2);
  });

  it("skips what it has when the server knows no ranges", async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { etag: '"1"', "content-length": trips.length });
      if (server.asked.length > 1) response.end(trips);
      else response.write(trips.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
    };
    expect((await run()).landed[0]).to.include({ rows: 6433, bytes: trips.length });
  });

  it("lands nothing of a document that changes while it is loaded, or cannot be gone on with", async () => {
    const breaking = (headers: Record<string, string>) => (_: unknown, response: ServerResponse) => {
      response.writeHead(200, { "content-length": trips.length, ...headers });
      response.write(trips.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 20));
    };
    server.answer = (_, response) => breaking({ etag: `"${server.asked.length}"` })(_, response);
    expect(await failure()).to.match(/changed while it was loaded; the next run begins anew/);
    server.answer = breaking({});
    expect(await failure()).to.match(/broke after \d+ bytes, and its answer has neither ETag/);
    server.answer = breaking({ etag: '"same"' });
    expect(await failure()).to.match(/^The source tlc has landed nothing/);
    expect(landed()).to.deep.equal([]);
  });

  it("tries again what may pass, and names what does not", async () => {
    server.answer = (request, response) =>
      server.asked.length < 3 ? response.writeHead(503).end() : serve(trips)(request, response);
    expect((await run()).landed).to.have.length(1);
    server.answer = (_, response) => response.writeHead(500).end("oh");
    expect(await failure()).to.match(
      /^The source tlc has landed nothing: http:\/\/127.* answers 500 Internal/,
    );
    const before = server.asked.length;
    server.answer = (_, response) => response.writeHead(404).end();
    expect(await failure()).to.match(/trips\.csv answers 404 Not Found\. The next run tries it again\.$/);
    expect(server.asked.length - before).to.equal(1);
  });

  it("follows redirects, not forever, and not away from where it may ask", async () => {
    const to = (location: string) => (request: IncomingMessage, response: ServerResponse) =>
      request.url === "/end.csv"
        ? serve(trips)(request, response)
        : response.writeHead(302, { location }).end();
    server.answer = to("/end.csv");
    expect((await run()).landed).to.have.length(1);
    server.answer = to("/again");
    expect(await failure()).to.contain("redirects more than 5 times");
    for (const inside of [
      "http://169.254.169.254/latest/meta-data/",
      "https://10.0.0.1/",
      "https://[fd00:ec2::254]/",
    ]) {
      server.answer = to(inside);
      expect(await failure(), inside).to.match(
        /is not asked: its address .* is not one of the public internet/,
      );
    }
    server.answer = to("ftp://127.0.0.1/");
    expect(await failure()).to.contain("the source takes https only");
    server.answer = to("");
    expect(await failure()).to.contain("redirects to nowhere");
  });

  it("stops at the size limit, said or not, and says so once", async () => {
    settings.maxMegabytes = 0.1;
    server.answer = serve(trips, { etag: '"1"', "content-length": String(trips.length) });
    expect((await run()).setAside[0]?.reason).to.match(/has 1 MB, more than the 1 MB that the source takes/);
    await run();
    expect(store.events).to.have.length(1);
    server.answer = (_, response) => {
      response.writeHead(200, { etag: '"endless"' });
      const more = () => response.destroyed || response.write(trips, () => setImmediate(more));
      more();
    };
    expect((await run()).setAside[0]?.reason).to.contain("does not end after");
    expect(landed()).to.deep.equal([]);
    expect([...store.objects.keys()].filter((key) => /^rejected.*csv$/.test(key))).to.deep.equal([]);
  });

  it("gives up a server that falls silent, and a body that drips", async () => {
    server.answer = () => undefined;
    expect(await failure()).to.contain("sent nothing for 0.3 s");
    server.answer = (_, response) => {
      response.writeHead(200, { etag: '"1"' });
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    };
    patience.deadline = AbortSignal.timeout(500);
    expect(await failure()).to.contain("was not loaded in the time that a run has");
  });

  it("announces a changed schema once, not at each run nor for each new document with it", async () => {
    server.answer = serve(renamed);
    const first = await run();
    expect(first.setAside[0]?.reason).to.contain("has no column 'fare'");
    await run(); // not changed
    server.answer = serve(renamed, { etag: '"2"' });
    expect((await run()).setAside).to.have.length(1);
    expect(store.events).to.have.length(1);
    server.answer = serve(trips, { etag: '"3"' });
    expect((await run()).landed).to.have.length(1);
    server.answer = serve(renamed, { etag: '"4"' });
    await run();
    expect(store.events).to.have.length(2);
  });

  it("sets HTML instead of CSV aside", async () => {
    server.answer = serve("<!doctype html><title>Please log in</title>", { "content-type": "text/html" });
    const { setAside } = await run();
    expect(setAside[0]?.reason).to.contain("is HTML or XML, such as an error or a login page");
    expect(store.text(setAside[0]!.object)).to.contain("Please log in");
  });

  it("refuses names that stand for addresses inside the network, and http outside", async () => {
    settings.url = "https://localhost:1/trips.csv";
    expect(await failure()).to.contain("localhost is not asked: its address");
    settings.url = "https://[::ffff:169.254.169.254]/";
    expect(await failure()).to.contain("169.254.169.254");
    settings.url = "https://2852039166/"; // 169.254.169.254 as one number
    expect(await failure()).to.contain("169.254.169.254");
    settings.url = "http://example.com/trips.csv";
    expect(await failure()).to.contain("the source takes https only");
  });
});
