import { type EventOf } from "../shared/events";
import { counted, duration, figure, whole } from "./figures";
import { type Template } from "./mail";

/** A batch is done: how much of it was predicted, what came out, and how to get it. */
export function batchCompleted(detail: EventOf<"batch.completed">["detail"]): Template {
  const { batch, release, target, rows, rejected, seconds } = detail;
  const predicted = counted(rows - rejected, "prediction");
  const aside =
    rejected === 0
      ? []
      : [
          `${counted(rejected, "row")} of ${whole(rows)} could not be predicted. The file of rejected rows says why, with row, field, value and rule.`,
        ];
  return {
    subject: `Batch ${batch.slice(0, 8)}: ${predicted} of ${target}${rejected === 0 ? "" : `, ${counted(rejected, "row")} rejected`}`,
    paragraphs: [
      `The batch ${batch} is done: ${predicted} of ${target} were made in ${duration(seconds)}, by release ${release}.`,
      ...inSum(detail),
      ...aside,
      ...howToGet(detail.link, "Its results are"),
    ],
  };
}

/** A batch has come to nothing: why, and what to do. */
export function batchFailed({ batch, reason, link }: EventOf<"batch.failed">["detail"]): Template {
  return {
    subject: `Batch ${batch.slice(0, 8)} failed`,
    paragraphs: [`The batch ${batch} failed.`, `Reason: ${reason}`, ...howToGet(link, "More is")],
  };
}

function inSum({ summary, unit }: EventOf<"batch.completed">["detail"]): string[] {
  if (summary === undefined) return [];
  if ("classes" in summary) {
    const byCount = Object.entries(summary.classes).sort(([, one], [, other]) => other - one);
    return [`They are ${byCount.map(([name, count]) => `${whole(count)} ${name}`).join(", ")}.`];
  }
  const { lowest, highest, mean } = summary;
  return [
    `They range from ${figure(lowest)} to ${figure(highest)} ${unit}, ${figure(mean)} ${unit} on average.`,
  ];
}

/** No link to click: the address wants an API key, and what a mail holds goes to everybody who gets it. */
const howToGet = (link: string | undefined, what: string) =>
  link === undefined ? [] : [`${what} at this address, for whoever has an API key:\n${link}`];
