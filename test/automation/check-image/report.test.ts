import { expect } from "chai";
import { convert } from "xmlbuilder2";
import { judgeManifest } from "../../../automation/check-image/image-rules";
import { asJUnit, asText, inWords, reportOn } from "../../../automation/check-image/report";
import { type Result, type Status } from "../../../automation/check-image/rule";
import { pathsOutside, rules } from "../../../automation/check-image/rules";

const result = (id: string, status: Status, detail: string): Result => ({
  id,
  part: "serve",
  title: `title of ${id}`,
  why: `why ${id}`,
  fix: `fix ${id} & <more>`,
  status,
  detail,
  seconds: 0.25,
});

describe("a report on an image", () => {
  const report = reportOn("me/mine:1", "sha256:0", [
    result("port", "holds", "in 1 s"),
    result("load", "fails", 'reset \u0000 <by> "peer"'),
    result("train", "skipped", "no data"),
    result("user", "info", "root"),
  ]);

  it("is good only when nothing fails", () => {
    expect(report.ok).to.equal(false);
    expect(report.counts).to.deep.equal({ holds: 1, fails: 1, skipped: 1, info: 1 });
    expect(reportOn("a", "b", [result("train", "skipped", "no data")]).ok).to.equal(true);
  });

  it("as text says why a rule matters, and the fix, where one does not hold", () => {
    const text = asText(report);
    expect(text).to.match(/title of port {2,}in 1 s/);
    expect(text).to.include("why:  why load").and.to.include("fix:  fix load");
    expect(text).not.to.include("why port");
    expect(text).to.match(/skipped.*no data/);
    expect(inWords(report.counts)).to.equal("1 rule holds, 1 does not, 1 could not be checked");
  });

  it("as JUnit is XML that keeps counts and texts, whatever a container has said", () => {
    const parsed = convert(asJUnit(report), { format: "object" }) as unknown as {
      testsuites: { testsuite: Record<string, unknown> & { testcase: Record<string, unknown>[] } };
    };
    const { testcase, ...suite } = parsed.testsuites.testsuite;
    expect(suite).to.include({ "@name": "me/mine:1", "@tests": "4", "@failures": "1", "@skipped": "1" });
    expect(testcase).to.have.length(4);
    expect(testcase[1]!.failure).to.deep.equal({
      "@message": "reset \ufffd &lt;by&gt; &quot;peer&quot;",
      "@type": "load",
      "#": "Why: why load\nFix: fix load &amp; &lt;more&gt;",
    });
    expect(testcase[2]!.skipped).to.deep.equal({ "@message": "no data" });
  });
});

describe("rules about images", () => {
  it("have ids of their own, and texts that are sentences", () => {
    expect(new Set(rules.map(({ id }) => id)).size).to.equal(rules.length);
    for (const { why, fix } of rules) expect([why, fix].every((text) => text.endsWith("."))).to.equal(true);
  });

  it("take the two kinds of image manifests, and no index", () => {
    const status = (mediaType: string) => judgeManifest({ mediaType }).status;
    expect(status("application/vnd.docker.distribution.manifest.v2+json")).to.equal("holds");
    expect(status("application/vnd.oci.image.manifest.v1+json")).to.equal("holds");
    expect(status("application/vnd.oci.image.index.v1+json")).to.equal("fails");
    expect(status("application/vnd.docker.distribution.manifest.list.v2+json")).to.equal("fails");
    expect(judgeManifest({ manifests: [] }).status).to.equal("fails");
  });

  it("name what was written elsewhere, not its parents nor what Python compiles", () => {
    const paths = [
      "/opt",
      "/opt/ml",
      "/opt/ml/output",
      "/opt/ml/output/failure",
      "/tmp/x",
      "/var",
      "/var/cache",
      "/var/cache/a",
    ];
    expect(pathsOutside(paths)).to.deep.equal(["/var/cache/a"]);
    expect(pathsOutside(["/app", "/app/__pycache__", "/app/__pycache__/m.pyc", "/opt"])).to.deep.equal([]);
    expect(pathsOutside(["/opt/mlx", "/tmpfile"])).to.deep.equal(["/opt/mlx", "/tmpfile"]);
  });
});
