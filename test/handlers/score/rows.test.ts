import { expect } from "chai";
import { type Row } from "../../../handlers/score/rows";
import { csvLine, header, jsonLine, reader } from "./world";

/** `text` in chunks of a few bytes, as a network may cut it. */
// eslint-disable-next-line @typescript-eslint/require-await -- as a body is
async function* cut(text: string | Buffer, bytes = 7): AsyncGenerator<Buffer> {
  const whole = Buffer.from(text);
  for (let at = 0; at < whole.length; at += bytes) yield whole.subarray(at, at + bytes);
}

async function read(format: "csv" | "jsonl", text: string | Buffer, bytes?: number): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const part of (await reader.open(format, cut(text, bytes))).parts) rows.push(...part);
  return rows;
}

async function fault(format: "csv" | "jsonl", text: string | Buffer, bytes = 1 << 16): Promise<string> {
  return read(format, text, bytes).then(
    () => "",
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

describe("rows of a CSV file", () => {
  it("become records as the container makes them: numbers by the schema, empty as null or nothing", async () => {
    const text =
      "\ufeffpickup,passengers,distance,color,pickup_zone,tip\r\n2019-03-23 20:21:09,01,+1.5e0,yellow,,2.5\r\n";
    expect(
      (await read("csv", text)).map(({ row, record, errors }) => ({ row, record, errors })),
    ).to.deep.equal([
      {
        row: 1,
        record: {
          pickup: "2019-03-23 20:21:09",
          passengers: 1,
          distance: 1.5,
          color: "yellow",
          pickup_zone: null,
        },
        errors: [],
      },
    ]);
    const [missing] = await read("csv", "pickup,passengers,distance,color\n2019-03-23 20:21:09,1,,yellow\n");
    expect(missing?.errors).to.deep.equal([{ field: "distance", value: null, rule: "is required" }]);
  });

  it("may hold line ends, commas and quotes in quoted cells, and be apart by any line end", async () => {
    const zone = 'Lenox "Hill", Wést';
    const quoted = `"${zone.replaceAll('"', '""')}"`;
    const line = csvLine(1).replace('"Lenox Hill West"', quoted);
    for (const end of ["\n", "\r\n", "\r"]) {
      const rows = await read("csv", [header, line, "", line].join(end), 3);
      expect(rows.map(({ record }) => record.pickup_zone)).to.deep.equal([zone, zone]);
    }
    const [broken] = await read("csv", `${header}\n${csvLine(1).replace("Hill", "\n")}\n`);
    expect(broken?.errors.map(({ field }) => field)).to.deep.equal(["pickup_zone"]); // control characters are refused
  });

  it("are refused one by one when they have too many or too few cells", async () => {
    const rows = await read("csv", `${header}\n${csvLine(1)},more\nless\n${csvLine(2)}`);
    expect(rows.map(({ row, errors }) => [row, errors[0]?.value])).to.deep.equal([
      [1, 6],
      [2, 1],
      [3, undefined],
    ]);
  });

  it("are refused all together when the file is none", async () => {
    const wide = Array.from({ length: 100 }, (_, at) => `c${at}`).join();
    expect(await fault("csv", "")).to.equal("Unfit: is empty");
    expect(await fault("csv", "\n\n")).to.equal("Unfit: is empty");
    expect(await fault("csv", header)).to.equal("Unfit: has a header and no rows");
    expect(await fault("csv", `${wide}\n1`)).to.match(/has a column 'c0' that is not a known field/);
    expect(await fault("csv", `${header.replace("distance", "distanse")}\n1`)).to.match(
      /did you mean distance\?/,
    );
    expect(await fault("csv", `${header.replace("distance,", "")}\n1`)).to.match(/has no column 'distance'/);
    expect(await fault("csv", `${header},color\n1`)).to.match(/has the column 'color' twice/);
    expect(await fault("csv", Buffer.from(`${header}\n\xe9`, "latin1"))).to.match(/is not UTF-8 text/);
    expect(await fault("csv", Buffer.from([0x1f, 0x8b, 8]))).to.match(/is compressed with gzip/);
    expect(await fault("csv", `${header}\n"${"x".repeat(2_000_000)}`)).to.match(
      /has more than 1 MB in row 1/,
    );
    expect(await fault("csv", "x".repeat(2_000_000))).to.match(/has more than 1 MB in row 0/);
    expect(await fault("csv", `${header}\n${csvLine(1)}\n"open`)).to.match(
      /a quote of row 2 is never closed/,
    );
  });
});

describe("rows of a JSON Lines file", () => {
  it("are records, with what is not asked for left out and the line as it came", async () => {
    const line = jsonLine(1).replace("}", ', "fare": 7.50, "total": 12345678901234567890}');
    const rows = await read("jsonl", `${line}\r\n\n  ${jsonLine(2)}`);
    expect(rows.map(({ row, given }) => [row, given])).to.deep.equal([
      [1, line],
      [2, jsonLine(2)],
    ]);
    expect(rows[0]?.record).not.to.have.any.keys("fare", "total");
    expect(rows.flatMap(({ errors }) => errors)).to.deep.equal([]);
  });

  it("are refused one by one", async () => {
    const rows = await read(
      "jsonl",
      `${jsonLine(1)}\nnull\n{"a": 1\n${jsonLine(1).replace("color", "colour")}`,
    );
    expect(rows.map(({ errors }) => errors.map(({ field, rule }) => `${field} ${rule}`))).to.deep.equal([
      [],
      ["row must be one JSON object"],
      ["row must be one JSON object"],
      ["color is required", "colour is not a known field; did you mean color?"],
    ]);
  });

  it("are refused all together when the file is none", async () => {
    expect(await fault("jsonl", "")).to.equal("Unfit: is empty");
    expect(await fault("jsonl", " \n ")).to.equal("Unfit: has no record");
    expect(await fault("jsonl", `[${jsonLine(1)}]`)).to.match(/is one JSON array/);
    expect(await fault("jsonl", "x".repeat(2_000_000))).to.match(/has more than 1 MB in row 1/);
  });
});
