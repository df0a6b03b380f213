import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ReleaseContext } from "../../context";
import { putText } from "../../../objects";
import { releasePrefix } from "../../record";
import { changesBetween } from "../../changes";
import { compareData } from "../../data";
import { markdown } from "./markdown";
import { readModelCard } from "./model-card";
import { reportFolder } from "./place";
import { buildReport, type Findings } from "./report";

export { type Champion } from "./report";

const contentTypes = {
  json: "application/json",
  md: "text/markdown; charset=utf-8",
  html: "text/html; charset=utf-8",
};

/**
 * Writes report.json, report.md and report.html beside the release's record and on this machine.
 * @returns the folder in the bucket, as an s3:// URI.
 */
export async function writeReport(context: ReleaseContext, findings: Findings): Promise<string> {
  const { clients, outputs, stack } = context;
  const { challenger, champion } = findings;
  const card = await readModelCard(clients.s3, challenger.modelDataUrl);
  const changes = champion?.record && (await changesBetween(context, champion.record, challenger));
  const data = await compareData(context, champion?.record, challenger);
  const report = buildReport(stack.name, findings, card, changes, data);
  const { page } = await import("./page.ts"); // with the chart library, which takes a second to load
  const files = {
    json: `${JSON.stringify(report, null, 2)}\n`,
    md: markdown(report),
    html: await page(report, findings.rows),
  };
  const folder = reportFolder(stack.name, challenger.id);
  mkdirSync(folder, { recursive: true });
  for (const [suffix, text] of Object.entries(files)) {
    const name = `report.${suffix}`;
    writeFileSync(join(folder, name), text);
    const type = contentTypes[suffix as keyof typeof files];
    await putText(clients.s3, outputs.dataBucket, releasePrefix(challenger.id) + name, text, type);
  }
  return `s3://${outputs.dataBucket}/${releasePrefix(challenger.id)}`;
}
