import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../../project";
import { type ReleaseRecord } from "../../record";

/** Folder of a release's report on this machine. */
export const reportFolder = (stack: string, release: string) =>
  join(projectRoot, ".slipway", "reports", stack, release);

/** The report's page on this machine, or in the bucket when the gate judged the release elsewhere. */
export function reportPage(stack: string, { id, gate }: ReleaseRecord): string {
  const here = join(reportFolder(stack, id), "report.html");
  return existsSync(here) ? here : `${gate?.report}report.html`;
}
