import { DuckDBInstance } from "@duckdb/node-api";
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Consolidated, consolidate } from "../../../automation/data/consolidate";
import { type RawFile } from "../../../automation/data/raw-table";
import { projectRoot } from "../../../automation/project";
import { recordSchema } from "../../../handlers/shared/schema";
import { csv, Files, header, keyedBy, schema } from "./tables";

describe("consolidate", () => {
  let files: Files;
  beforeEach(() => (files = new Files()));
  afterEach(() => files.remove());

  const run = (given: RawFile[], records = schema) =>
    consolidate(given, records, mkdtempSync(join(files.folder, "work-")));
  /** Of a snapshot of one part. */
  const rowsOf = ({ parts, partsFolder }: Consolidated) => {
    expect(parts).to.have.length(1);
    return readFileSync(join(partsFolder, parts[0]!.name), "utf8");
  };
  const rejectedOf = ({ rejectedFile }: Consolidated) =>
    readFileSync(rejectedFile, "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { object: string; row: number; errors: object[] });

  it("makes the same rows of CSV, JSON Lines and Parquet, split in any way, in any order", async () => {
    const plain = csv(
      "2019-03-02 10:00:00,1.50,1,green,Soho,2",
      "2019-03-01 10:00:00,7,2,,,",
      '2019-03-01 10:00:00,2.5,1,yellow,"a,""b",0.0',
    );
    const expected = [
      header,
      '2019-03-01 10:00:00,2.5,1,yellow,"a,""b",0.0',
      "2019-03-01 10:00:00,7.0,2,,,",
      "2019-03-02 10:00:00,1.5,1,green,Soho,2.0",
    ];
    const json = [
      { at: "2019-03-01 10:00:00", miles: 2.5, riders: 1, color: "yellow", zone: 'a,"b', tip: 0 },
      { riders: 2, miles: 7.0, at: "2019-03-01 10:00:00", color: null },
      { at: "2019-03-02 10:00:00", miles: 1.5, riders: 1, color: "green", zone: "Soho", tip: 2.0 },
    ].map((record) => JSON.stringify(record));
    const parquet = join(files.folder, "p.parquet");
    const engine = await (await DuckDBInstance.create(":memory:")).connect();
    await engine.run(
      `COPY (SELECT CAST("at" AS TIMESTAMP) AS "at", CAST(miles AS DECIMAL(9, 3)) AS miles, CAST(riders AS SMALLINT) AS riders, color, zone, tip FROM ` +
        `read_csv('${files.write("source.csv", plain).path}', header = true)) TO '${parquet}'`,
    );
    engine.closeSync();
    const ways: RawFile[][] = [
      [files.write("a.csv", plain)],
      [files.write("b.csv", `\ufeff${plain.replaceAll("\n", "\r\n")}`)],
      [files.write("c.jsonl", json.join("\n")), files.write("empty.csv", csv())],
      [files.write("d.jsonl", `${json.slice(1).join("\n\n")}\n`), files.write("e.jsonl", json[0]!)],
      [{ path: parquet, key: "raw/p.parquet" }],
      [
        files.write("columns.csv", "riders,at,miles\n2,2019-03-01 10:00:00,7\n"),
        files.write("f.jsonl", `${json[2]}\n${json[0]}\n`),
      ],
    ];
    const first = rowsOf(await run(ways[0]!))
      .trimEnd()
      .split("\n");
    expect(first).to.have.members(expected); // rows of one time in any order, but always the same
    expect([first[0], first[3]]).to.deep.equal([expected[0], expected[3]]);
    for (const way of ways) {
      const made = await run(way);
      expect(rowsOf(made), way.map(({ key }) => key).join()).to.equal(`${first.join("\n")}\n`);
      expect(made.rows).to.deep.equal({ read: 3, rejected: 0, duplicates: 0, kept: 3 });
    }
  });

  it("leaves out each row that breaks a rule, with its place and its reasons, and counts every row once", async () => {
    const good = files.write("good.csv", csv("2019-03-01 10:00:00,7,2,,,"));
    const bad = files.write(
      "bad.csv",
      csv(
        "2019-03-01 11:00:00,1,1,,,",
        "2019-03-01 12:00:00,x,0,blue,,",
        "too,few",
        "2019-02-30 12:00:00,1,1,,a much too long zone,",
        "2019-03-01 13:00:00,nan,1.5,,,any tip will do",
        "2019-03-01 14:00:00,100,,,,",
      ),
    );
    const poison = files.write(
      "p.jsonl",
      '{"at": "2019-03-02 10:00:00", "miles": 1,\n[1]\n{"at": "2019-03-02 10:00:00", "miles": true, "riders": 1}\n{"extra": 1}',
    );
    const made = await run([good, bad, poison]);
    expect(made.rows).to.deep.equal({ read: 11, rejected: 9, duplicates: 0, kept: 2 });
    expect(rowsOf(made)).to.equal(`${header}\n2019-03-01 10:00:00,7.0,2,,,\n2019-03-01 11:00:00,1.0,1,,,\n`);
    expect(made.objects[bad.key]).to.deep.equal({ read: 6, rejected: 5 });
    expect(made.objects[good.key]).to.deep.equal({ read: 1, rejected: 0 });
    const found = rejectedOf(made).map(({ object, row, errors }) => [object.split("/").at(-1), row, errors]);
    const error = (field: string, value: unknown, rule: string) => ({ field, value, rule });
    expect(found).to.have.deep.members([
      ["bad.csv", 3, [error("record", "too,few", "must have as many cells as the header")]],
      [
        "bad.csv",
        2,
        [
          error("miles", "x", "must be a number"),
          error("riders", "0", "must be at least 1"),
          error("color", "blue", "must be one of green, yellow, null"),
        ],
      ],
      [
        "bad.csv",
        4,
        [
          error("at", "2019-02-30 12:00:00", "must be a date and time that exists"),
          error("zone", "a much too long zone", "must have at most 8 characters"),
        ],
      ],
      [
        "bad.csv",
        5,
        [error("miles", "nan", "must be a finite number"), error("riders", "1.5", "must be an integer")],
      ],
      ["bad.csv", 6, [error("miles", "100", "must be less than 100"), error("riders", null, "is required")]],
      ["p.jsonl", 1, [error("record", null, "must be a JSON object")]],
      ["p.jsonl", 2, [error("record", null, "must be a JSON object")]],
      ["p.jsonl", 3, [error("miles", "true", "must be a number")]],
      ["p.jsonl", 4, [error("record", null, "must have no field that schema.json does not declare")]],
    ]);
    expect(made.reasons.reduce((sum, { rows }) => sum + rows, 0)).to.equal(9);
  });

  it("keeps one of the rows that are the same in all fields, wherever they came", async () => {
    const row = "2019-03-01 10:00:00,7,2,,,";
    const made = await run([
      files.write("a.csv", csv(row, row.replace("7", "7.00"), row.replace("7", "8"))),
      files.write("b.csv", csv(row)),
    ]);
    expect(made.rows).to.deep.equal({ read: 4, rejected: 0, duplicates: 2, kept: 2 });
    expect(rowsOf(made)).to.equal(`${header}\n2019-03-01 10:00:00,7.0,2,,,\n2019-03-01 10:00:00,8.0,2,,,\n`);
  });

  it("keeps the latest of the rows with one key", async () => {
    const rows = [
      "2019-03-01 10:00:00,1,1,,b,",
      "2019-03-03 10:00:00,3,1,,b,",
      "2019-03-02 10:00:00,2,1,,b,",
      "2019-03-01 10:00:00,9,1,,a,",
    ];
    const made = await run([files.write("a.csv", csv(...rows))], keyedBy("zone"));
    expect(made.rows).to.deep.equal({ read: 4, rejected: 0, duplicates: 2, kept: 2 });
    expect(rowsOf(made)).to.equal(
      `${header}\n2019-03-01 10:00:00,9.0,1,,a,\n2019-03-03 10:00:00,3.0,1,,b,\n`,
    );
  });

  it("names the object whose columns are not those of the schema", async () => {
    for (const [name, content, words] of [
      ["a.csv", "at,miles\n", "has no column 'riders', which is required; it has at, miles"],
      ["b.csv", `${header},fare\n`, "has a column 'fare' that schema.json does not declare"],
      ["c.csv", `${header},at\n`, "has the column 'at' twice"],
      ["d.csv", "", "is empty"],
      ["e.parquet", "PAR1 and no more", "cannot be read as Parquet"],
    ] as const) {
      const given = files.write(name, content);
      const error = await run([given]).catch((failure: Error) => failure);
      expect(error, name).to.have.property("name", "UserError");
      expect((error as Error).message)
        .to.include(given.key)
        .and.to.include(words);
    }
  });

  it("takes and refuses the same rows as the container", async function () {
    this.timeout(30_000);
    const [names, first] = readFileSync(join(projectRoot, "data", "taxis.csv"), "utf8").split("\n") as [
      string,
      string,
    ];
    const cells = first.split(",");
    const columns = names.split(",");
    const values = [
      "",
      "0",
      "-1",
      "1e400",
      "nan",
      "x",
      "7.5",
      "1e1",
      "yellow",
      "blue",
      "Manhattan",
      "EWR",
      "2019-02-29 10:00:00",
      "2019-03-01T10:00",
      "z".repeat(81),
    ];
    const rows = columns.flatMap((_, i) =>
      values.map((value) => cells.map((cell, j) => (i === j ? value : cell)).join(",")),
    );
    const file = files.write("rows.csv", `${[names, ...rows].join("\n")}\n`);
    const made = await run([file], recordSchema);
    const script =
      "import sys, json\nfrom pathlib import Path\nfrom slipway_model import tables\nfrom slipway_model.schema import SCHEMA\n" +
      "known = {f.name for f in SCHEMA.fields}\n" +
      "print(json.dumps([[r.line - 1, sorted({e.field for e in r.reasons})] for r in tables.read(Path(sys.argv[1]), 'x', known, SCHEMA.training) if r.reasons]))";
    const python = join(projectRoot, ".venv", "bin", "python");
    const output = execFileSync(python, ["-c", script, file.path], {
      cwd: join(projectRoot, "model-image"),
      encoding: "utf8",
    });
    const refused = JSON.parse(output) as [number, string[]][];
    const here = rejectedOf(made).map(({ row, errors }) => [
      row,
      [...new Set(errors.map((each) => (each as { field: string }).field))].sort(),
    ]);
    expect(here.sort((a, b) => Number(a[0]) - Number(b[0]))).to.deep.equal(refused);
    expect(refused.length).to.be.within(30, rows.length - 30);
  });
});
