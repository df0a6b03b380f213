import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { manifestEnding } from "../../../handlers/shared/landing/landing";
import { failure } from "../laptop";
import { missingPostgres } from "../postgres";
import { missingMariaDb, type Server, startMariaDb, startPostgres } from "./servers";
import { World } from "./world";

/** SQL that the two kinds of database write differently. */
interface Words {
  /** Why the server cannot be had here. */
  missing(): string | undefined;
  start(): Promise<Server>;
  time: string;
  numeric: string;
  boolean: string;
  slow: string;
  ago(seconds: number): string;
  number: string;
}

const postgres: Words = {
  missing: missingPostgres,
  start: startPostgres,
  ...{ time: "timestamp(6)", numeric: "numeric(30,10)", boolean: "boolean", number: "numeric" },
  slow: "SELECT changed, at, amount, items, pg_sleep(3)::text AS customer FROM orders",
  ago: (seconds) => `now() AT TIME ZONE 'UTC' - interval '${seconds} seconds'`,
};

const mariadb: Words = {
  missing: missingMariaDb,
  start: startMariaDb,
  ...{ time: "datetime(6)", numeric: "decimal(30,10)", boolean: "boolean", number: "decimal(10,2)" },
  slow: "SELECT changed, at, amount, items, CONCAT(SLEEP(3)) AS customer FROM orders",
  ago: (seconds) => `UTC_TIMESTAMP(6) - INTERVAL ${seconds} SECOND`,
};

for (const [name, words] of Object.entries({ PostgreSQL: postgres, MariaDB: mariadb })) {
  describe(`ingest from ${name}`, function () {
    this.timeout(180_000);
    let server: Server;

    before(async function () {
      const missing = words.missing();
      if (missing) {
        console.log(`      skipped: ${missing}`);
        return this.skip();
      }
      server = await words.start();
    });
    after(() => server?.stop());
    beforeEach(async () => {
      await server.run("DROP TABLE IF EXISTS orders");
      await server.run(
        `CREATE TABLE orders (id bigint PRIMARY KEY, changed ${words.time} NULL, at ${words.time} NOT NULL, ` +
          `amount ${words.numeric} NOT NULL, items int NOT NULL, paid ${words.boolean}, ` +
          "customer varchar(80), day date, serial bigint)",
      );
    });

    /** Rows `from` to `to`, a minute apart up to an hour ago, `sharing` of them at a time. */
    async function insert(from: number, to: number, sharing = 1): Promise<void> {
      const values = [];
      for (let id = from; id <= to; id++) {
        const changed = words.ago(3600 + 60 * (10_000 - Math.floor(id / sharing)));
        values.push(`(${id}, ${changed}, '2024-05-01 10:00:00', ${id}, 1)`);
      }
      await server.run(`INSERT INTO orders (id, changed, at, amount, items) VALUES ${values.join(",")}`);
    }

    const count = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

    it("writes each type as schema.json has it, exactly", async () => {
      await server.run(
        "INSERT INTO orders VALUES (1, '2024-05-01 10:00:00.123456', '2024-05-01 10:00:00.654321', " +
          "12345678901234567.0123456789, 3, TRUE, 'Zoë \"Z\" \\n', '2024-02-29', 9007199254740993), " +
          "(2, '2024-05-01 10:00:01', '2024-05-01 10:00:01', -0.5, 0, FALSE, NULL, NULL, NULL)".replace(
            "\\n",
            words === mariadb ? "\\\\n" : "\\n",
          ),
      );
      const world = new World(server);
      const { landed } = await world.run();
      expect(world.lines).to.deep.equal([
        '{"at":"2024-05-01 10:00:00","amount":12345678901234567.0123456789,"items":3,"paid":true,' +
          `"customer":${JSON.stringify(words === mariadb ? 'Zoë "Z" \n' : 'Zoë "Z" \\n')},"day":"2024-02-29","serial":9007199254740993}`,
        '{"at":"2024-05-01 10:00:01","amount":-0.5000000000,"items":0,"paid":false,' +
          '"customer":null,"day":null,"serial":null}',
      ]);
      expect(landed).to.have.length(1);
      expect(landed[0]).to.include({
        rows: 2,
        origin: `${server.engine}://127.0.0.1:${server.port}/shop orders`,
      });
      expect(world.store.json(`${landed[0]!.object}${manifestEnding}`).position).to.deep.equal({
        to: words === mariadb ? "2024-05-01 10:00:01.000000" : "2024-05-01 10:00:01",
      });
    });

    if (words === postgres) {
      it("writes times that have a zone as local times of the source's zone", async () => {
        await server.run(
          "INSERT INTO orders (id, changed, at, amount, items) VALUES " +
            "(1, '2024-05-01 10:00:00', '2024-05-01 10:00:00', 1, 1)",
        );
        const query = "SELECT id, at AT TIME ZONE 'UTC' AS at, amount, items FROM orders";
        const world = new World(server, {
          ...{ wanted: { query }, watermark: "id" },
          connection: { timeZone: "America/New_York" },
        });
        await world.run();
        expect(world.lines).to.deep.equal(['{"at":"2024-05-01 06:00:00","amount":1.0000000000,"items":1}']);
      });
    }

    it("reads what is new since the last run, and nothing else", async () => {
      await insert(1, 20);
      const world = new World(server);
      await world.run();
      expect((await world.run()).landed).to.deep.equal([]);
      await insert(21, 25);
      await world.run();
      expect(world.objects.map(({ lines }) => lines.length)).to.deep.equal([20, 5]);
      expect(world.amounts).to.deep.equal(count(1, 25));
    });

    it("lands many rows in chunks, none lost and none twice, and keeps equal watermarks together", async () => {
      await insert(1, 500, 7);
      const world = new World(server, { rowsPerObject: 50 });
      await world.run();
      expect(world.objects.length).to.be.within(9, 10);
      for (const { lines } of world.objects) expect(lines.length).to.be.at.most(50 + 6);
      expect(world.amounts).to.deep.equal(count(1, 500));
    });

    it("goes on in the next run when its time is short", async () => {
      await insert(1, 300);
      const world = new World(server, { rowsPerObject: 100 });
      const now = () => new Date(Date.now() + world.ahead);
      const deadline = new Date(Date.now() + 900_000);
      const slow = { now, deadline, land: world.landSlowly(400_000) };
      expect((await world.run(slow)).waiting).to.include("wait for the next run");
      expect(world.amounts).to.deep.equal(count(1, 200));
      expect((await world.run()).waiting).to.equal(undefined);
      expect(world.amounts).to.deep.equal(count(1, 300));
    });

    for (const [moment, change] of [
      ["after an object was written and before its manifest", "manifest"],
      ["after a chunk has landed and before the watermark moves", "watermark"],
    ] as const) {
      it(`repeats the same chunk under the same name when it was killed ${moment}`, async () => {
        await insert(1, 100);
        const world = new World(server, { rowsPerObject: 40 });
        let dead = false;
        const die = () => ((dead = true), new Error("killed"));
        world.store.fault = (done) =>
          change === "manifest" && done.endsWith(manifestEnding) ? die() : undefined;
        world.state.fault = ({ watermark }) =>
          dead || (change === "watermark" && watermark) ? die() : undefined;
        expect((await failure(world.run())).message).to.equal("killed");
        const key = [...world.store.objects.keys()][0]!;

        world.store.fault = world.state.fault = () => undefined;
        await insert(101, 110); // rows that come meanwhile are of a later chunk
        world.ahead = 86_400_000; // on the next day, its lease is over
        await world.run();
        expect(world.objects[0]!.key).to.equal(key);
        expect(world.objects[0]!.lines).to.have.length(40);
        expect(world.amounts).to.deep.equal(count(1, 110));
      });
    }

    it("lets one of two runs at a time work", async () => {
      await insert(1, 100);
      const world = new World(server, { rowsPerObject: 10 });
      const results = await Promise.all([world.run(), world.run(), world.run()]);
      expect(results.filter(({ waiting }) => waiting)).to.have.length(2);
      expect(world.amounts).to.deep.equal(count(1, 100));
    });

    it("leaves rows alone that are younger than a transaction may last", async () => {
      await insert(1, 3);
      await server.run(
        `INSERT INTO orders (id, changed, at, amount, items) VALUES (4, ${words.ago(5)}, '2024-05-01', 4, 1)`,
      );
      const world = new World(server, { overlapSeconds: 60 });
      await world.run();
      expect(world.amounts).to.deep.equal([1, 2, 3]);
    });

    it("waits for transactions that have taken a smaller number", async () => {
      await insert(1, 3);
      await insert(5, 5);
      const world = new World(server, { watermark: "id", overlapSeconds: 2 });
      const run = world.run();
      await sleep(700);
      await insert(4, 4);
      await insert(6, 6); // not of this run
      await run;
      expect(world.amounts).to.deep.equal([1, 2, 3, 4, 5]);
      await world.run();
      expect(world.amounts).to.deep.equal([1, 2, 3, 4, 5, 6]);
    });

    it("reads a query in the place of a table", async () => {
      await insert(1, 5);
      const query = "SELECT changed, at, amount, items FROM orders WHERE items = 1 -- all;\n;";
      const world = new World(server, { wanted: { query } });
      await world.run();
      expect(world.amounts).to.deep.equal([1, 2, 3, 4, 5]);
    });

    it("takes the rotated password on the second reading of the secret, and says so when there is none", async () => {
      await insert(1, 2);
      const world = new World(server);
      const old = { ...server.credentials, password: "yesterday's" };
      const readings = [old, server.credentials];
      await world.run({ credentials: () => Promise.resolve(readings.shift()!) });
      expect(world.amounts).to.deep.equal([1, 2]);
      const message = (await failure(world.run({ credentials: () => Promise.resolve(old) }))).message;
      expect(message).to.include("the secret was read twice").and.not.include("yesterday");
      expect((await world.run()).waiting).to.equal(undefined); // its lease is free again
    });

    describe("says what is wrong, where and what to do", () => {
      const said = async (world: World) => (await failure(world.run())).message;
      const where = (world: World) => {
        const { engine, port } = world.server;
        return `Source orders, ${engine}://127.0.0.1:${port}/`;
      };
      beforeEach(() => insert(1, 3));

      it("when the database is away", async () => {
        const message = await said(new World(server, { connection: { port: 1 } }));
        expect(message).to.include("Source orders").and.include("does not answer").and.include("127.0.0.1:1");
      });

      it("when there is no such database or table", async () => {
        const world = new World(server, { connection: { database: "nowhere" } });
        expect(await said(world))
          .to.include(where(world))
          .and.include("Create it");
        const table = new World(server, { wanted: { table: "orderz" } });
        expect(await said(table))
          .to.include(where(table))
          .and.include("Correct the source's table");
      });

      it("when a statement takes too long", async () => {
        const world = new World(server, {
          wanted: { query: words.slow },
          connection: { statementTimeoutSeconds: 1 },
        });
        expect(await said(world))
          .to.include("took too long")
          .and.include("statementTimeoutSeconds");
        expect(world.objects).to.deep.equal([]);
      });

      it("when it does not know the time zone", async () => {
        const world = new World(server, { connection: { timeZone: "Mars/Olympus" } });
        expect(await said(world))
          .to.include("does not know the time zone")
          .and.include("Mars/Olympus");
      });

      it("when the query fails", async () => {
        const world = new World(server, { wanted: { query: "SELECT nosuch FROM orders" } });
        expect(await said(world))
          .to.include("a column is not there")
          .and.include("nosuch");
        const broken = new World(server, { wanted: { query: "SELECT FROM WHERE orders" } });
        expect(await said(broken)).to.include("Correct the source's query");
      });

      it("when a required column is missing or renamed, once to the subscribers, and then goes on", async () => {
        const world = new World(server);
        await world.run();
        await server.run("ALTER TABLE orders RENAME COLUMN items TO pieces");
        await insert2(4);
        expect(await said(world)).to.include("the column items, which schema.json requires, is missing");
        expect(await said(world)).to.include("it has id, changed, at, amount, pieces");
        expect(world.store.events.map(({ kind }) => kind)).to.deep.equal(["data.rejected"]);
        expect(world.lines).to.have.length(3);
        await server.run("ALTER TABLE orders RENAME COLUMN pieces TO items");
        await world.run();
        expect(world.amounts).to.deep.equal([1, 2, 3, 4]);
      });

      const insert2 = (id: number) =>
        server.run(
          "INSERT INTO orders (id, changed, at, amount, pieces) " +
            `VALUES (${id}, ${words.ago(60)}, '2024-05-01', ${id}, 1)`,
        );

      it("when an optional column that was read is gone", async () => {
        const world = new World(server);
        await world.run();
        await server.run("ALTER TABLE orders RENAME COLUMN customer TO client");
        expect(await said(world)).to.include("the column customer, which the last run read, is gone");
      });

      it("when a column is of another type", async () => {
        const query = "SELECT changed, at, CAST(amount AS char(20)) AS amount, items FROM orders";
        const world = new World(server, { wanted: { query } });
        expect(await said(world)).to.match(
          /the column amount is \w+ in the database, but number in schema.json/,
        );
        expect(world.objects).to.deep.equal([]);
      });

      it("when a query gives what schema.json does not declare", async () => {
        const world = new World(server, { wanted: { query: "SELECT o.*, 1 AS kosts FROM orders o" } });
        expect(await said(world)).to.include("a column kosts, which schema.json does not declare");
      });

      it("when the watermark is not there or does not grow", async () => {
        expect(await said(new World(server, { watermark: "chnaged" }))).to.include("chnaged is not there");
        expect(await said(new World(server, { watermark: "customer" }))).to.include(
          "Name a column of numbers",
        );
        const world = new World(server);
        await world.run();
        world.options.watermark = "id";
        expect(await said(world)).to.include("Put changed back");
      });

      it("when rows have no watermark, after the others have landed", async () => {
        await server.run("INSERT INTO orders (id, at, amount, items) VALUES (9, '2024-05-01', 9, 1)");
        const world = new World(server);
        expect(await said(world)).to.include("1 rows have no changed");
        expect(world.amounts).to.deep.equal([1, 2, 3]);
      });

      it("when a query is more than one statement, which then does nothing", async () => {
        for (const query of [
          "SELECT 1; DROP TABLE orders",
          "DELETE FROM orders",
          "SELECT 1) AS x; DROP TABLE orders; --",
        ]) {
          expect(await said(new World(server, { wanted: { query } }))).to.match(
            /must be(gin with| one statement)|brackets/,
          );
        }
        const world = new World(server);
        await world.run();
        expect(world.lines).to.have.length(3);
      });
    });
  });
}
