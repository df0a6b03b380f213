import { expect } from "chai";
import { fitBody, hiddenMark } from "../../../automation/github/body";
import { type Drift, driftIssue } from "../../../automation/report/drift-issue";
import { failuresOf, type Report } from "../../../automation/report/gather";
import { reportMarkdown } from "../../../automation/report/markdown";
import { readDocs, recorded, sampleNames, withSamples } from "./samples";

/** The part of a report that was found. */
function found<T>(part: { found: T } | { failure: string }): T {
  if ("failure" in part) throw new Error(part.failure);
  return part.found;
}

/** The cells beside each name of the first table; names come again in the tables below it. */
const summary = (markdown: string) => {
  const says: Record<string, string> = {};
  for (const [, name = "", text = ""] of markdown.matchAll(
    /^\| (infrastructure|monthly cost|model|data|error) \| (.*) \|$/gm,
  )) {
    says[name] ??= text;
  }
  return says;
};

describe("the comment on a pull request", () => {
  it("says what would become of infrastructure, cost, model and data", () => {
    const report = recorded<Report>("change");
    const markdown = reportMarkdown(report);
    const { diff } = found(report.cost);
    const { release, served } = found(report.model);
    const says = summary(markdown);
    expect(says["infrastructure"]).to.match(/^\d+ created, .*unchanged$/);
    expect(diff.change).to.be.greaterThan(10);
    expect(says["monthly cost"]).to.equal(
      `**+$${diff.change.toFixed(2)}**: $${diff.before.toFixed(2)} to $${diff.after.toFixed(2)} while nobody uses it`,
    );
    expect(says["model"]).to.equal(
      `**trains** \`${release}\`, to take over from \`${served}\` if the gate accepts it`,
    );
    expect(says["data"]).to.match(/^6,433 to 8,433 rows; most shifted: `\w+`, .*PSI \d/);
    expect(markdown).to.contain("| `Sources` | +$");
    expect(markdown).to.contain("| hyperparameter | `num_iterations` | 1000 | 400 |");
    expect(markdown).to.contain("list prices of us-east-1 as of");
  });

  it("says that nothing changes, in one table", () => {
    const markdown = reportMarkdown(recorded<Report>("same"));
    const says = summary(markdown);
    expect(says["infrastructure"]).to.match(/^\d+ unchanged$/);
    expect(says["monthly cost"]).to.match(/^the same \$\d+\.\d\d while nobody uses it$/);
    expect(says["model"]).to.match(/^nothing changes: `[0-9a-f]{12}` is served already$/);
    expect(says["data"]).to.equal("the same 6,433 rows");
    expect(markdown).not.to.contain("Monthly cost\n").and.not.contain("Infrastructure\n");
  });

  it("says why the gate rejected before what would be released, beside the model that is served", () => {
    const report = recorded<Report>("rejected");
    const { gate, served, release } = found(report.model).evaluation;
    expect(gate?.decision).to.equal("rejected");
    const markdown = reportMarkdown(report);
    expect(summary(markdown)["model"]).to.match(/^trains nothing: the gate \*\*rejected\*\* `/);
    expect(summary(markdown)["error"]).to.equal(
      `${release!["test:mae"]!.toFixed(2)} USD, ${served!["test:mae"]!.toFixed(2)} USD served; the gate: rejected`,
    );
    expect(markdown).to.match(/\| \*\*FAILED\*\* \| /);
  });

  it("says why a preview fails, once, and all the rest", () => {
    const report = recorded<Report>("failed");
    const [reason, ...more] = failuresOf(report);
    expect(more).to.deep.equal([]);
    expect(reason)
      .to.contain("requestsPerSecond")
      .and.not.match(/ at |\/home|\/root|\/tmp/);
    const markdown = reportMarkdown(report);
    const says = summary(markdown);
    expect(says["infrastructure"]).to.equal("**could not be found out**, see below");
    expect(says["monthly cost"]).to.equal("**could not be found out**, see below");
    expect(says["model"]).to.match(/^(nothing changes|\*\*trains\*\*|trains nothing)/);
    expect(markdown.split("It could not be found out.")).to.have.length(2);
  });

  it("is cut where GitHub would refuse it, after what matters most", () => {
    const report = recorded<Report>("change");
    const infrastructure = found(report.infrastructure);
    const resources = Array.from({ length: 60 }, () => infrastructure.resources).flat();
    const markdown = reportMarkdown({
      ...report,
      infrastructure: { found: { ...infrastructure, resources } },
    });
    expect(markdown.length).to.be.greaterThan(65_536);
    const body = fitBody(hiddenMark("report", "dev"), markdown, "All of it: there.");
    expect(body.length).to.be.within(65_000, 65_536);
    expect(summary(body)).to.deep.equal(summary(reportMarkdown(report)));
    expect(body.split("<details>")).to.have.length(body.split("</details>").length);
    expect(body).to.match(/\|\n\n<\/details>\n\n\*\*Cut here:\*\* .* All of it: there\.\n$/);
  });

  it("shows names that hold Markdown as they are", () => {
    const report = recorded<Report>("change");
    const code = ["M a|b`c @everyone <!-- x -->.py"];
    const markdown = reportMarkdown({ ...report, model: { found: { ...found(report.model), code } } });
    expect(markdown).to.contain("- ``M a\\|b`c @everyone <!-- x -->.py``");
  });

  it("says so when there is no price for a resource", () => {
    const report = recorded<Report>("same");
    const cost = { found: { ...found(report.cost), unpriced: ["endpoint (1 x ml.p5.48xlarge)"] } };
    const markdown = reportMarkdown({ ...report, cost });
    expect(summary(markdown)["monthly cost"]).to.match(/, and what has no price in the table$/);
    expect(markdown).to.contain("not counted: `endpoint (1 x ml.p5.48xlarge)`");
  });
});

describe("the issue about a stack that differs", () => {
  const mark = hiddenMark("drift", "dev");

  it("names what was changed in the cloud, and what a deployment would do", () => {
    const drift = recorded<Drift>("drift");
    const { title, body } = driftIssue(drift, mark)!;
    expect(title).to.equal("The stack dev differs from its program");
    expect(body.startsWith(mark)).to.equal(true);
    expect(drift.cloud).not.to.deep.equal([]);
    for (const resource of [...drift.cloud, ...drift.program]) {
      expect(body).to.contain(`\`${resource.split(" ").slice(2).join(" ")}\``);
    }
  });

  it("is none when all is the same", () => {
    expect(driftIssue({ stack: "dev", differs: false, cloud: [], program: [] }, mark)).to.equal(undefined);
  });
});

describe("docs/workflows.md", () => {
  it("shows the comments as they are (npx tsx test/automation/report/samples.ts writes them)", () => {
    const text = readDocs();
    for (const name of sampleNames) expect(text).to.contain(`<!-- sample: ${name} -->`);
    expect(text).to.equal(withSamples(text));
  });
});
