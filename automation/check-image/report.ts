import pc from "picocolors";
import { create } from "xmlbuilder2";
import { type Result, type Status } from "./rule";

/** What a check has found, as `--json` prints it. */
export interface Report {
  image: string;
  id: string;
  /** Whether every rule that could be checked holds. */
  ok: boolean;
  counts: Record<Status, number>;
  results: Result[];
}

export function reportOn(image: string, id: string, results: Result[]): Report {
  const counts: Report["counts"] = { holds: 0, fails: 0, skipped: 0, info: 0 };
  for (const { status } of results) counts[status]++;
  return { image, id, ok: counts.fails === 0, counts, results };
}

const marks: Record<Status, string> = {
  holds: pc.green("holds  "),
  fails: pc.red("FAILS  "),
  skipped: pc.yellow("skipped"),
  info: "info   ",
};

/** The report as a table for people; a rule that does not hold comes with its reason and fix. */
export function asText({ image, results, counts }: Report): string {
  const width = Math.max(...results.map(({ title }) => title.length));
  const rows = results.flatMap(({ status, title, detail, id, why, fix }) => {
    const row = `${marks[status]}  ${title.padEnd(width)}  ${detail}`;
    return status === "fails"
      ? [row, `         rule: ${id}`, `         why:  ${why}`, `         fix:  ${fix}`]
      : [row];
  });
  return [`${image} under SageMaker's rules`, "", ...rows, "", inWords(counts)].join("\n");
}

/** Such as `15 rules hold, 1 does not, 2 could not be checked`. */
export function inWords({ holds, fails, skipped }: Report["counts"]): string {
  const parts = [
    `${holds} ${holds === 1 ? "rule holds" : "rules hold"}`,
    `${fails} ${fails === 1 ? "does" : "do"} not`,
    ...(skipped ? [`${skipped} could not be checked`] : []),
  ];
  return parts.join(", ");
}

/** The report as JUnit XML, one test case a rule, for CI services. */
export function asJUnit({ image, results, counts }: Report): string {
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0).toFixed(3);
  const totals = {
    tests: results.length,
    failures: counts.fails,
    errors: 0,
    skipped: counts.skipped,
    time: seconds,
  };
  // Containers may say anything: characters that XML cannot hold are shown as the replacement character.
  const document = create({ version: "1.0", encoding: "UTF-8", invalidCharReplacement: "\ufffd" });
  const root = document.ele("testsuites", { name: "slipway check-image", ...totals });
  const suite = root.ele("testsuite", { name: image, ...totals });
  for (const { id, part, title, why, fix, status, detail, seconds: time } of results) {
    const attributes = { classname: `check-image.${part}`, name: `${id}: ${title}`, time: time.toFixed(3) };
    const testcase = suite.ele("testcase", attributes);
    if (status === "fails")
      testcase.ele("failure", { message: detail, type: id }).txt(`Why: ${why}\nFix: ${fix}`);
    else if (status === "skipped") testcase.ele("skipped", { message: detail });
    else testcase.ele("system-out").txt(detail);
  }
  return document.end({ prettyPrint: true });
}
