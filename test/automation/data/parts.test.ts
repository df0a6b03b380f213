import { expect } from "chai";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Readable } from "node:stream";
import { everyRow, writeParts } from "../../../automation/data/parts";
import { Files } from "./tables";

describe("the parts of a snapshot", () => {
  let files: Files;
  beforeEach(() => (files = new Files()));
  afterEach(() => files.remove());

  /** Rows with tags, as parts of about so many bytes. */
  async function partsOf(rows: [tag: number, row: string][], bytes: number) {
    const lines = rows.map(([tag, row]) => `${1000 + tag}${row}\n`).join("");
    const { path } = files.write("sorted.csv", lines);
    const folder = join(files.folder, "parts");
    const counts: [tag: number, isKept: boolean][] = [];
    const count = (tag: number, isKept: boolean) => void counts.push([tag, isKept]);
    const parts = await writeParts({ file: path, digits: 3 }, "n,text", folder, count, bytes);
    const paths = parts.map(({ name }) => join(folder, name));
    return { parts, counts, paths, contents: paths.map((file) => readFileSync(file, "utf8")) };
  }

  /** Some have line breaks within quotes; as many bytes as several chunks of a file. */
  const many = Array.from({ length: 60_000 }, (_, i) =>
    i % 3 ? `${i},"a\n""b""\n${i} ${"x".repeat(i % 60)}"` : `${i},plain`,
  );

  it("are cut between rows only, never within quotes, and each has the header", async () => {
    for (const [rows, bytes] of [
      [many.slice(0, 300), 1],
      [many.slice(0, 300), 50],
      [many, 100_000],
      [many, 100_000_000],
    ] as const) {
      const { parts, contents } = await partsOf(
        rows.map((row) => [7, row]),
        bytes,
      );
      expect(contents.every((content) => content.startsWith("n,text\n"))).to.equal(true);
      const bodies = contents.map((content) => content.slice("n,text\n".length));
      expect(bodies.join("") === rows.map((row) => `${row}\n`).join("")).to.equal(true);
      expect(bodies.every((body) => body.endsWith("\n") && body.split('"').length % 2 === 1)).to.equal(true);
      expect(contents.slice(0, -1).every((content) => content.length >= bytes)).to.equal(true);
      if (bytes === 1) expect(parts).to.have.length(300);
      if (bytes === 100_000_000) expect(parts).to.have.length(1);
      expect(parts).to.deep.equal(
        contents.map((content, i) => ({
          name: `part-${String(i).padStart(5, "0")}.csv`,
          sha256: createHash("sha256").update(content).digest("hex"),
          size: content.length,
        })),
      );
    }
  });

  it("have each row once and no empty one, and are the same whatever was left out", async () => {
    const plain = await partsOf(
      many.map((row) => [0, row]),
      100_000,
    );
    const mixed = await partsOf(
      many.flatMap((row, i): [number, string][] => [
        [i % 100, row],
        ...(i % 5 === 0 ? [[500, row] as [number, string]] : []),
        ...(i % 7 === 0 ? [[999, ""] as [number, string]] : []),
      ]),
      100_000,
    );
    expect(mixed.parts).to.deep.equal(plain.parts);
    const of = (tag: number) => mixed.counts.filter(([each]) => each === tag);
    expect(of(42)).to.have.length(600);
    expect(of(42).every(([, isKept]) => isKept)).to.equal(true);
    expect(of(500)).to.deep.equal(Array(12_000).fill([500, false]));
    expect(of(999)).to.deep.equal(Array(8572).fill([999, false]));
  });

  it("are none when there is no row", async () => {
    expect((await partsOf([], 10)).parts).to.deep.equal([]);
    expect((await partsOf([[1, ""]], 10)).parts).to.deep.equal([]);
  });

  it("give every so many-th row of all of them as a sample", async () => {
    const { paths } = await partsOf(
      many.map((row) => [0, row]),
      100_000,
    );
    const sample = await text(Readable.from(everyRow(paths, 7)));
    const wanted = many.filter((_, i) => i % 7 === 0);
    expect(sample === ["n,text", ...wanted, ""].join("\n")).to.equal(true);
  });
});
