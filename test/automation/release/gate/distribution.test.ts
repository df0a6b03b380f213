import { expect } from "chai";
import { stripVTControlCharacters } from "node:util";
import { classErrors, errorBins } from "../../../../automation/release/gate/distribution";
import { emptyCard } from "../../../../automation/release/gate/report/model-card";
import { buildReport, type Findings } from "../../../../automation/release/gate/report/report";
import { terminalText } from "../../../../automation/release/gate/report/text";
import { type Problem } from "../../../../automation/release/gate/problem";
import { type JudgedRow } from "../../../../automation/release/gate/rows";
import { fares, species, trips } from "./rows";

const row = (error: number, before?: number): JudgedRow => ({
  ...{ actual: 10, slices: {}, challenger: { value: 10 + error } },
  ...(before === undefined ? {} : { champion: { value: 10 - before } }),
});
const sum = (shares: (number | undefined)[]) => shares.reduce<number>((all, share) => all + (share ?? 0), 0);

const flower = (actual: string, said: string, before: string): JudgedRow => ({
  ...{ actual, slices: {}, challenger: { value: said }, champion: { value: before } },
});
const flowers = [
  ...Array.from({ length: 8 }, () => flower("setosa", "setosa", "setosa")),
  ...Array.from({ length: 3 }, () => flower("virginica", "virginica", "setosa")),
  flower("virginica", "setosa", "setosa"),
];

describe("how errors are distributed", () => {
  it("is by size, for both models, in bins with round edges that follow each other", () => {
    const bins = errorBins(trips(1000, 3, { champion: 2, challenger: 0.5 }));
    expect(bins.length).to.be.within(8, 20);
    bins.slice(1).forEach(({ from }, index) => expect(from).to.equal(bins[index]!.to));
    bins.forEach(({ from }) => expect(String(from).length).to.be.at.most(4));
    const shown = bins.map(({ challenger, champion }) => challenger + champion!);
    expect(sum(shown)).to.be.within(2 * 0.98, 2 * 0.999);
    expect(bins[0]!.challenger).to.be.above(bins[0]!.champion!);
  });

  it("counts an error in the bin that it begins", () => {
    const bins = errorBins([row(0), row(0), row(1), row(2)]);
    expect(bins.find(({ challenger }) => challenger === 0.5)?.from).to.equal(0);
    const once = bins.filter(({ challenger }) => challenger === 0.25).map(({ from }) => from);
    expect(once, "the largest one is not shown").to.deep.equal([1]);
    expect(bins[0]).not.to.have.property("champion");
    const [third] = errorBins([row(0.3), row(0.3)]).filter(({ challenger }) => challenger > 0);
    expect(third?.from).to.equal(0.3);
    expect(sum(errorBins([row(0), row(0)]).map(({ challenger }) => challenger))).to.equal(1);
  });

  it("is by class for classes", () => {
    expect(classErrors(flowers)).to.deep.equal([
      { actual: "setosa", rows: 8, challenger: 0, champion: 0 },
      { actual: "virginica", rows: 4, challenger: 0.25, champion: 1 },
    ]);
  });
});

describe("the report in a terminal", () => {
  function text(rows: JudgedRow[], problem: Problem, columns?: number): string {
    const findings = {
      challenger: { id: "r-2", ingredients: {}, metrics: {} },
      ...{ champion: { id: "r-1" }, problem, rows },
      gate: {
        ...{ decision: "rejected", champion: "r-1", at: "2026-11-24T08:00:00.000Z" },
        checks: [
          { name: "error", passed: false, explanation: "Its error is 2 USD." },
          { name: "slice", passed: true, explanation: "Within 20 %." },
        ],
      },
    } as unknown as Findings;
    const report = buildReport("dev", findings, emptyCard, undefined);
    return stripVTControlCharacters(
      terminalText(JSON.parse(JSON.stringify(report)) as typeof report, columns),
    );
  }
  const some = trips(400, 1, { champion: 2, challenger: 0.5 });

  it("has decision, what fails and figures, and where nothing is drawn nothing else", () => {
    const found = text(some, fares);
    expect(found).to.match(/^Release r-2 is rejected: it fails 'error'; r-1 stays in service\.\n/);
    expect(found).to.include("  error: Its error is 2 USD.").and.not.include("Within 20 %.");
    expect(found).to.match(/^mean absolute error +\d\.\d\d USD +\d\.\d\d USD$/m);
    expect(found).not.to.match(/[█#░]/);
  });

  for (const columns of [120, 80, 50, 40]) {
    it(`has a picture of the errors of both that fits ${columns} columns`, () => {
      const [, picture = ""] = text(some, fares, columns).split("Held-out rows by absolute error (USD)\n");
      expect(picture).to.match(/^ {2}[█#] this release {2}[░.] served\n/);
      for (const line of picture.split("\n")) expect(line.length, line).to.be.at.most(columns);
      expect(picture)
        .to.match(/%[┤+][█#]+[░.]+ /)
        .and.match(/\n +0 +\d/);
    });
  }

  it("has none of a terminal that is too narrow, and says so", () => {
    expect(text(some, fares, 18)).to.match(/The terminal is too narrow for a picture of the errors\.$/);
  });

  it("shows of classes how often each is answered wrongly, the worst first", () => {
    const lines = text(flowers, species, 60).split("\n");
    const [worst, before, ...others] = lines.slice(lines.indexOf("Wrong answers by class") + 2);
    expect(worst).to.match(/^virginica \(4 rows\) {2}[█#]{8} 25\.0 %$/);
    expect(before).to.match(/^ {20}[░.]{30} 100\.0 %$/);
    expect(others).to.deep.equal(["setosa (8 rows)     0.0 %", "                    0.0 %"]);
  });
});
