import { expect } from "chai";
import { withEngine } from "../../../automation/data/engine";
import { profileOf } from "../../../automation/data/profile";
import { type ColumnProfile } from "../../../handlers/shared/profile";
import { populationStabilityIndex, sharesOf, shifts } from "../../../handlers/shared/shift";
import { type RecordSchema } from "../../../handlers/shared/schema";
import { Files, schema } from "./tables";

/** `count` numbers, evenly from `low` to `high`. */
const even = (low: number, high: number, count = 1000) =>
  Array.from({ length: count }, (_, i) => String(low + ((high - low) * i) / (count - 1)));
const repeat = (counts: Record<string, number>) =>
  Object.entries(counts).flatMap(([value, count]) => Array<string>(count).fill(value));

const oneColumn: RecordSchema = {
  ...schema,
  required: [],
  properties: {
    number: { type: ["number", "null"], "x-role": "feature", "x-unit": "miles" },
    text: { type: ["string", "null"], "x-role": "feature" },
  },
};

describe("the profile of a snapshot and its shift", () => {
  let files: Files;
  beforeEach(() => (files = new Files()));
  afterEach(() => files.remove());

  async function profile(name: "number" | "text", values: string[]): Promise<ColumnProfile> {
    const rows = values.map((value) => (name === "number" ? `${value},` : `,${value}`));
    const { path } = files.write("rows.csv", `number,text\n${rows.join("\n")}\n`);
    const { columns } = await withEngine(files.folder, (engine) =>
      profileOf(engine, [path], rows.length, oneColumn, files.folder),
    );
    return columns[name]!;
  }
  const index = async (name: "number" | "text", before: string[], after: string[]) =>
    populationStabilityIndex(await profile(name, before), await profile(name, after));

  it("says count, missing, range, mean, quantiles and the most frequent values", async () => {
    const found = await profile("number", [...even(0, 100, 101), "", "7"]);
    expect(found).to.deep.include({
      kind: "number",
      unit: "miles",
      count: 102,
      missing: 1,
      distinct: 101,
      min: 0,
      max: 100,
    });
    expect(found.mean).to.be.closeTo((5050 + 7) / 102, 1e-9);
    expect(found.values[0]).to.deep.equal(["7", 2]);
    expect([found.quantiles![0], found.quantiles![500], found.quantiles![1000]]).to.deep.equal([0, 49, 100]);
    const text = await profile("text", repeat({ green: 2, yellow: 3, "": 1 }));
    expect(text).to.deep.equal({
      ...{ kind: "category", unit: "", count: 5, missing: 1, distinct: 2 },
      values: [
        ["yellow", 3],
        ["green", 2],
      ],
    });
  });

  it("is 0 for the same distribution, whatever the number of rows and their order", async () => {
    expect(await index("number", even(0, 100), even(0, 100))).to.equal(0);
    expect(await index("number", even(0, 100), even(0, 100, 4000).reverse())).to.be.below(0.001);
    expect(await index("number", repeat({ 1: 70, 2: 30 }), repeat({ 2: 60, 1: 140 }))).to.be.below(1e-9);
  });

  it("is what the formula gives by hand", async () => {
    // (0.5 - 0.8) ln(0.5 / 0.8) + (0.5 - 0.2) ln(0.5 / 0.2)
    const found = await index("text", repeat({ green: 80, yellow: 20 }), repeat({ green: 5, yellow: 5 }));
    expect(found).to.be.closeTo(0.41589, 0.00001);
  });

  it("grows with the shift, of numbers, categories and missing values", async () => {
    const a = await index("number", even(0, 100), even(5, 105));
    const b = await index("number", even(0, 100), even(50, 150));
    expect(a).to.be.within(0.001, b);
    expect(b).to.be.above(0.25);
    expect(await index("number", even(0, 100), [...even(0, 100), ...repeat({ "": 500 })])).to.be.above(0.25);
    expect(await index("text", repeat({ a: 9 }), repeat({ b: 9 }))).to.be.above(1);
  });

  it("says which share of the rows falls into which bin", async () => {
    const shares = sharesOf(await profile("number", even(0, 100)), await profile("number", even(0, 50)));
    expect(shares).to.have.length(11);
    expect(shares[0]!.bin).to.match(/^below 9\.9/);
    expect(shares[9]!.bin).to.match(/^(8|9)\d\.\d+ and more$/);
    expect(shares.reduce((sum, { was }) => sum + was, 0)).to.be.closeTo(1, 1e-9);
    expect(shares.reduce((sum, { is }) => sum + is, 0)).to.be.closeTo(1, 1e-9);
    expect(shares[9]!.is).to.equal(0);
  });

  it("puts the column first that has shifted most", async () => {
    const columns = (number: ColumnProfile, text: ColumnProfile) => ({
      rows: 100,
      columns: { number, text },
    });
    const number = await profile("number", even(0, 10));
    const before = columns(number, await profile("text", repeat({ green: 50, yellow: 50 })));
    const after = columns(number, await profile("text", repeat({ green: 90, yellow: 10 })));
    expect(shifts(before, after).map(({ column }) => column)).to.deep.equal(["text", "number"]);
  });
});
