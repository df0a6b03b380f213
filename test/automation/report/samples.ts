/** The comments and issues of recorded reports, as docs/workflows.md shows them: `npx tsx test/automation/report/samples.ts` writes them there. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Drift, driftIssue } from "../../../automation/report/drift-issue";
import { type Report } from "../../../automation/report/gather";
import { reportMarkdown } from "../../../automation/report/markdown";

const docs = join(__dirname, "..", "..", "..", "docs", "workflows.md");

/** What a command said with --json on the laptop, when the file was recorded. */
export const recorded = <T>(name: string) =>
  JSON.parse(readFileSync(join(__dirname, "recorded", `${name}.json`), "utf8")) as T;

const samples: Record<string, () => string> = {
  change: () => reportMarkdown(recorded<Report>("change")),
  rejected: () => reportMarkdown(recorded<Report>("rejected")),
  failed: () => reportMarkdown(recorded<Report>("failed")),
  same: () => reportMarkdown(recorded<Report>("same")),
  drift: () => {
    const { title, body } = driftIssue(recorded<Drift>("drift"), "")!;
    return `**${title}**\n\n${body.trim()}`;
  },
};

/** Text with its samples written anew: what stands between `<!-- sample: <name> -->` and `<!-- end of sample -->`. */
export function withSamples(text: string): string {
  const parts = /(<!-- sample: (\w+) -->\n)[^]*?(<!-- end of sample -->)/g;
  return text.replace(parts, (_, start: string, name: string, end: string) => {
    const quoted = samples[name]!().trim().replace(/^/gm, "> ").replace(/ +$/gm, "");
    return `${start}\n${quoted}\n\n${end}`;
  });
}

export const readDocs = () => readFileSync(docs, "utf8");
export const sampleNames = Object.keys(samples);

if (require.main === module) writeFileSync(docs, withSamples(readDocs()));
