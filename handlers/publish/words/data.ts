import { type EventOf } from "../../shared/events";
import { counted, percent, whole } from "../figures";
import { type Template } from "../mail";

type Detail = EventOf<"data.rejected">["detail"];

/** Rows that no release can use, or what a source has set aside. */
export function dataRejected({ detail }: EventOf<"data.rejected">): Template {
  const { rejected, read, reason, source, link } = detail;
  if (source !== undefined)
    return rejected > 0 ? recordsSetAside(detail, source) : inputSetAside(detail, source);
  const share = read === 0 ? "" : ` (${percent(rejected / read)})`;
  return {
    subject: `${whole(rejected)} of ${counted(read, "record")} rejected`,
    paragraphs: ["Some records cannot be used and are left out of the release."],
    facts: [
      ["Rejected", `${counted(rejected, "record")}${share} of ${whole(read)}`],
      ["Reason", reason],
    ],
    rest: [
      "Correct the data at its source, land it again and release again. What is served has not changed.",
    ],
    link,
  };
}

function recordsSetAside({ rejected, reason, object, link }: Detail, source: string): Template {
  return {
    subject: `The source ${source} has set ${counted(rejected, "record")} aside`,
    paragraphs: [
      `${counted(rejected, "record")} that came from the source ${source} cannot be used. All others were landed.`,
    ],
    facts: [["Reasons", reason], ...place(object)],
    rest: ["Correct what sends them, and send them again: the object holds the first, each with its reason."],
    link,
  };
}

function inputSetAside({ reason, object, link }: Detail, source: string): Template {
  return {
    subject: `The source ${source} has set an input aside`,
    paragraphs: ["Nothing of it was landed, so nothing of it is trained on."],
    facts: [["Reason", reason], ...place(object)],
    rest: [
      "Correct it where it comes from and send it again. When schema.json is what has to change, the next run after that tries it again.",
    ],
    link,
  };
}

const place = (object: string | undefined): [string, string][] =>
  object === undefined ? [] : [["In the data bucket", object]];
