import { writeFileSync } from "node:fs";
import { checkImage as check } from "../check-image/check";
import { type InputFiles } from "../check-image/inputs";
import { asJUnit, asText, inWords } from "../check-image/report";
import { UserError } from "../errors";
import { interrupted, interruptSignal } from "../interrupt";
import { type Output } from "../output";

export interface ImageOptions extends InputFiles {
  /** File for the report as JUnit XML. */
  junit?: string;
}

/** `slipway check-image` @throws UserError when a rule does not hold, after the report. */
export async function checkImage(
  imageOrFolder: string,
  { junit, ...files }: ImageOptions,
  output: Output,
): Promise<void> {
  const report = await check(imageOrFolder, files, output).catch((error: unknown) => {
    throw interruptSignal.aborted
      ? interrupted("What the check has made is removed; run again, it starts anew.")
      : error;
  });
  output.answer(report, asText(report));
  if (junit) writeReport(junit, asJUnit(report));
  if (!report.ok)
    throw new UserError(
      `${imageOrFolder} breaks SageMaker's rules: ${inWords(report.counts)}. The fix is beside each.`,
    );
}

function writeReport(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UserError(
      `The report cannot be written to ${file}: ${(error as Error).message}. Give another --junit.`,
    );
  }
}
