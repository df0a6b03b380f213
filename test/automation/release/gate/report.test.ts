import { expect } from "chai";
import { check } from "../../../../automation/release/gate/decide";
import { recordChanges } from "../../../../automation/release/changes";
import { markdown } from "../../../../automation/release/gate/report/markdown";
import { page } from "../../../../automation/release/gate/report/page";
import { emptyCard } from "../../../../automation/release/gate/report/model-card";
import { buildReport, type Findings } from "../../../../automation/release/gate/report/report";
import { type JudgedRow } from "../../../../automation/release/gate/rows";
import { type ReleaseRecord } from "../../../../automation/release/record";
import { fares, settings, species, trips } from "./rows";

const nasty = `<script>alert("x")</script>'"&|`;

const record = (id: string): ReleaseRecord => ({
  ...{
    id,
    createdAt: "2026-11-24T08:00:00.000Z",
    commit: "00ac738",
    by: "ann",
    processingJob: "p",
    trainingJob: "t",
  },
  ingredients: {
    ...{ snapshot: "de8c7036489e", imageUri: "registry/image@sha256:0a", schema: "5c" },
    imageSource: "sha256:1c",
    hyperparameters: { num_leaves: "31", note: nasty },
  },
  ...{ modelDataUrl: "s3://b/model.tar.gz", modelDataSha256: "2d", modelPackageArn: "arn" },
  metrics: { "test:mae": 1.4, "test:mae_median_baseline": 6.38, "train:rows": 4503 },
});

const card = {
  ...{ intendedUse: `To quote fares ${nasty}`, limits: ["Not for boats."] },
  importances: { distance: 0.8, [nasty]: 0.2 },
};
const changes = {
  ...{ data: [{ what: "rows to learn from", before: "4000", after: "4503" }], code: [], schema: [] },
  hyperparameters: recordChanges({ num_leaves: "15", gone: "1" }, { num_leaves: "31", note: nasty }),
};

function findings(rows: JudgedRow[], problem = fares, champion = "c-1"): Findings {
  const checks = check(rows, problem, settings);
  const decision = checks.every(({ passed }) => passed) ? ("accepted" as const) : ("rejected" as const);
  return {
    ...{ challenger: record("r-2"), problem, rows },
    ...(champion ? { champion: { id: champion, record: record(champion) } } : {}),
    gate: { decision, reason: "", champion, checks, settings, at: "2026-11-24T08:00:00.000Z" },
  };
}

const flowers = Array.from({ length: 120 }, (_, index): JudgedRow => {
  const actual = ["setosa", "virginica", nasty][index % 3]!;
  const said = (every: number) => ({ value: index % every === 0 ? "setosa" : actual });
  return { actual, slices: { garden: nasty }, challenger: said(7), champion: said(4) };
});

const comparison = {
  rows: { read: 6433, rejected: 12, duplicates: 3, kept: 6418 },
  columns: [
    {
      column: nasty,
      index: 0.42,
      bins: [
        { bin: nasty, was: 0.8, is: 0.5 },
        { bin: "missing", was: 0.2, is: 0.5 },
      ],
    },
    { column: "distance", index: 0, bins: [{ bin: "below 1", was: 1, is: 1 }] },
  ],
};

describe("the gate's report", () => {
  const worse = findings(trips(400, 1, { champion: 0.3, challenger: 1.5 }));

  it("begins with the decision in one sentence, and holds every part", async () => {
    const report = buildReport("main", worse, card, changes, comparison);
    expect(report.headline).to.match(
      /^Release r-2 is rejected: it fails 'better than the served release' and \d other checks?; c-1 stays in service\.$/,
    );
    const text = await page(report, worse.rows);
    for (const part of [
      ...[
        report.headline.slice(0, 24),
        "Checks",
        "95 % interval",
        "Figures",
        "mean absolute error",
        "best constant answer",
      ],
      ...[
        "What changed since c-1",
        ...["rows read", "population stability index", "another one", "Share of the rows"],
        "num_leaves",
        "rows to learn from",
        "Slices",
        "color green",
        "00ac738",
        "sha256:0a",
      ],
      ...[
        "How large the errors are",
        "How far its intervals can be trusted",
        "What it predicts, and what was true",
      ],
      ...["Where it is good and where not", "What it looks at", "Model card", "Not for boats"],
    ]) {
      expect(text, part).to.include(part);
    }
    expect(text.indexOf("is rejected")).to.be.below(text.indexOf("Checks"));
    expect(text.match(/<svg /g)).to.have.length(6);
    expect(text).not.to.match(/undefined|NaN|\[object/);
  });

  it("is one page that loads nothing and runs nothing", async () => {
    const text = await page(buildReport("main", worse, card, changes), worse.rows);
    expect(text).not.to.match(/<script|<link|<img|<iframe|\son[a-z]+=|@import|url\(|javascript:/i);
    const addresses = text.match(/https?:[^"' )]+/g) ?? [];
    expect(
      [...new Set(addresses)].filter((address) => !address.startsWith("http://www.w3.org/")),
    ).to.deep.equal([]);
    expect(text.length).to.be.below(1_000_000);
  });

  it("escapes all that it is given, in the page, the pictures and in Markdown", async () => {
    for (const data of [worse, findings(flowers, species)]) {
      const report = buildReport(nasty, data, card, changes, comparison);
      const text = await page({ ...report, headline: nasty }, data.rows);
      expect(text).not.to.include("<script");
      expect(text.match(/&lt;script&gt;/g)?.length).to.be.above(4);
      const cells = markdown(report)
        .split("\n")
        .filter((line) => line.startsWith("|"));
      expect(cells.filter((line) => line.includes("script")).length).to.be.above(1);
      for (const line of cells.filter((each) => each.includes("script"))) {
        expect(line)
          .not.to.match(/[^\\]</)
          .and.not.to.match(/[^\\ ]\|[^ ]/);
      }
    }
  });

  it("shows classes by what they are taken for", async () => {
    const data = findings(flowers, species);
    const text = await page(buildReport("main", data, card, undefined), data.rows);
    expect(text).to.include("Which classes it gets wrong").and.include("share of wrong answers");
    expect(text.match(/<svg /g)).to.have.length(4);
    expect(text).not.to.include("How far its intervals");
  });

  it("can be written of a first release, and of one whose container does not serve", async () => {
    const first = findings(trips(200, 1, { challenger: 0.3 }), fares, "");
    const report = buildReport("dev", first, emptyCard, undefined);
    const text = await page(report, first.rows);
    expect(text).to.include("is accepted").and.include("No release was served");
    expect(text).not.to.match(/>served</);
    const silent = { ...worse, rows: [] };
    const bare = await page(buildReport("dev", silent, emptyCard, undefined), []);
    expect(bare).not.to.match(/Figures|<svg /);
  });

  it("says in Markdown what the page says in tables", () => {
    const text = markdown(buildReport("main", worse, card, changes));
    expect(text).to.match(/^# Release r-2 is rejected/);
    expect(text).to.match(/\| hyperparameter: num\\_leaves \| 15 \| 31 \|/);
    expect(text).to.match(/\| hyperparameter: gone \| 1 \| \(none\) \|/);
    expect(text).to.match(/\| FAILED \| better than the served release \|/);
  });
});
