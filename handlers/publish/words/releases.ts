import { type EventOf } from "../../shared/events";
import { counted, duration, figure, percent } from "../figures";
import { type Template } from "../mail";

type Fact = [label: string, value: string];

/** A release is in service: what it has learned from, and how good it is. */
export function releaseDeployed({ detail }: EventOf<"release.deployed">): Template {
  const { release, target, unit, metrics, snapshot, endpoint, url, seconds, link } = detail;
  return {
    subject: `Release ${release} is in service`,
    paragraphs: [`Release ${release} is in service. It predicts ${target}.`],
    facts: [
      ["Learned from", `${counted(snapshot.rows, "record")} in ${counted(snapshot.objects, "file")}`],
      ...qualityOf(metrics, unit),
      ["Endpoint", endpoint],
      ["Released in", duration(seconds)],
    ],
    rest: [`Ask it for predictions (with an API key):\n${url}`],
    link,
  };
}

/** How far off a release is, or how often it is wrong, on records that it had not seen, beside the baselines. */
function qualityOf(metrics: EventOf<"release.deployed">["detail"]["metrics"], unit: string): Fact[] {
  const rows = metrics["test:rows"];
  const held =
    rows == null ? "records that it had not seen" : `${counted(rows, "record")} that it had not seen`;
  const wrong = metrics["test:error_rate"];
  if (wrong != null) {
    const frequent = metrics["test:error_rate_baseline"];
    return [
      ["Wrong on", `${percent(wrong)} of ${held}`],
      ...(frequent == null
        ? []
        : ([["To compare", `${percent(frequent)} when always naming the most frequent class`]] as Fact[])),
    ];
  }
  const error = metrics["test:mae"];
  if (error == null) return [];
  const baselines = Object.entries(metrics).flatMap(([name, value]): Fact[] => {
    const [, baseline] = /^test:mae_(.+)_baseline$/.exec(name) ?? [];
    return baseline === undefined || value === null
      ? []
      : [["To compare", `${figure(value)} ${unit} ${baselineName(baseline)}`]];
  });
  return [["Off by", `${figure(error)} ${unit} on average, on ${held}`], ...baselines];
}

const baselineName = (name: string) =>
  name === "median" ? "when always guessing the median" : `with a straight line on ${name}`;

/** A release that the gate or a person has refused. */
export const releaseRejected = ({ detail }: EventOf<"release.rejected">): Template => ({
  subject: `Release ${detail.release} was rejected`,
  paragraphs: [`Release ${detail.release} was rejected and changes nothing.`],
  facts: [["Reason", detail.reason], served(detail.served), ...report(detail.report)],
  link: detail.link,
});

/** A release that waits for a person, with what that person has to run. */
export const releasePending = ({ detail }: EventOf<"release.pending">): Template => ({
  subject: `Release ${detail.release} waits for approval`,
  paragraphs: [`Release ${detail.release} has passed the gate and waits for a person to approve it.`],
  facts: [["Result", detail.reason], served(detail.served), ...report(detail.report)],
  rest: [`To put it into service:\n  ${detail.approve}`, `To reject it for good:\n  ${detail.reject}`],
  link: detail.link,
});

/** A release that is served no longer. */
export const releaseRolledBack = ({ detail }: EventOf<"release.rolledback">): Template => ({
  subject: `Release ${detail.release} was rolled back`,
  paragraphs: [`Release ${detail.release} was taken out of service again.`],
  facts: [["Reason", detail.reason], served(detail.served)],
  link: detail.link,
});

const served = (release: string | null | undefined): Fact => [
  "In service",
  release ? `release ${release}` : "no release: the API answers 503 until there is one",
];

const report = (folder: string | undefined): Fact[] =>
  folder === undefined ? [] : [["Report", `${folder}report.html`]];
