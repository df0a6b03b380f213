import { type EventOf, type SlipwayEvent } from "../shared/events";
import { batchCompleted, batchFailed } from "./batches";
import { counted, duration, figure, moment, percent, record, whole } from "./figures";
import { inWords, summary } from "./predictions";

/** An email to the subscribers, in plain text. */
export interface Mail {
  /** At most 100 ASCII characters, as SNS demands. */
  subject: string;
  body: string;
}

export interface Template {
  subject: string;
  paragraphs: string[];
  link?: string | undefined;
}

const shownPredictions = 3;

/** The mail that tells people of `event`; `topic` is the name of the topic that sends it. */
export function mailOf(event: SlipwayEvent, topic: string): Mail {
  const { subject, paragraphs, link } = templateOf(event);
  const links = link === undefined ? [] : [`More: ${link}`];
  const body = [...paragraphs, ...links, footer(event, topic)].join("\n\n");
  return { subject: asSubject(`[${event.stack}] ${subject}`), body: `${body}\n` };
}

function templateOf(event: SlipwayEvent): Template {
  switch (event.kind) {
    case "prediction.results":
      return predictionResults(event);
    case "release.deployed":
      return releaseDeployed(event);
    case "release.rejected":
      return {
        subject: `Release ${event.detail.release} was rejected`,
        paragraphs: [
          `Release ${event.detail.release} was rejected and changes nothing.`,
          `Reason: ${event.detail.reason}`,
          served(event.detail.served),
          ...report(event.detail.report),
        ],
        link: event.detail.link,
      };
    case "release.pending":
      return releasePending(event);
    case "release.rolledback":
      return {
        subject: `Release ${event.detail.release} was rolled back`,
        paragraphs: [
          `Release ${event.detail.release} was taken out of service again.`,
          `Reason: ${event.detail.reason}`,
          served(event.detail.served),
        ],
        link: event.detail.link,
      };
    case "data.rejected":
      return dataRejected(event);
    case "batch.completed":
      return batchCompleted(event.detail);
    case "batch.failed":
      return batchFailed(event.detail);
    case "alarm":
      return {
        subject: `Alarm: ${event.detail.what}`,
        paragraphs: [`${event.detail.what} at ${moment(event.time)}.`, `Reason: ${event.detail.reason}`],
        link: event.detail.link,
      };
  }
}

function predictionResults({ detail }: EventOf<"prediction.results">): Template {
  const { target, unit, requests, release, link } = detail;
  const predictions = requests.flatMap((request) => request.predictions);
  const { subject, sentence } = summary(predictions, unit);
  const listed = predictions
    .slice(0, shownPredictions)
    .map((prediction) => `${inWords(prediction, unit)}\nfor ${record(prediction.input)}`);
  const made = `${counted(predictions.length, "prediction")} of ${target}`;
  const calls = counted(new Set(requests.map((request) => request.requestId)).size, "request");
  const when = `${period(requests.map((request) => request.time))}, by release ${release}`;
  if (predictions.length === 1) {
    return {
      subject: `A prediction of ${target}: ${subject}`,
      paragraphs: [`One prediction of ${target} was made ${when}:`, ...listed],
      link,
    };
  }
  return {
    subject: `${made}: ${subject}`,
    paragraphs: [
      `${made} were made in ${calls} ${when}.`,
      sentence,
      predictions.length > listed.length ? `The first ${listed.length}:` : "They are:",
      ...listed,
    ],
    link,
  };
}

/** `at ...`, or `between ... and ...` when seconds lie between the first and the last of `times`. */
function period(times: string[]): string {
  const sorted = times.map(moment).sort();
  const [first = "", last = first] = [sorted[0], sorted.at(-1)];
  return first === last ? `at ${first}` : `between ${first} and ${last}`;
}

function releaseDeployed({ detail }: EventOf<"release.deployed">): Template {
  const { release, target, unit, metrics, snapshot, endpoint, url, seconds } = detail;
  const quality = qualityOf(metrics, unit);
  return {
    subject: `Release ${release} is in service`,
    paragraphs: [
      `Release ${release} is in service on the endpoint ${endpoint}. It took ${duration(seconds)}.`,
      `It has learned ${target} from ${counted(snapshot.rows, "record")} in ${counted(snapshot.objects, "file")}.`,
      ...(quality === undefined ? [] : [quality]),
      `Ask it for predictions at ${url} (an API key is needed).`,
    ],
    link: detail.link,
  };
}

/** How far off a release is, or how often it is wrong, on records that it had not seen, beside the baselines. */
function qualityOf(metrics: EventOf<"release.deployed">["detail"]["metrics"], unit: string) {
  const rows = metrics["test:rows"];
  const held = rows == null ? "records" : counted(rows, "record");
  const wrong = metrics["test:error_rate"];
  if (wrong != null) {
    const frequent = metrics["test:error_rate_baseline"];
    const compared =
      frequent == null ? "" : ` To compare: ${percent(frequent)} when always naming the most frequent class.`;
    return `Of ${held} that it had not seen it names ${percent(wrong)} wrongly.${compared}`;
  }
  const error = metrics["test:mae"];
  if (error == null) return undefined;
  const baselines = Object.entries(metrics).flatMap(([name, value]) => {
    const [, baseline] = /^test:mae_(.+)_baseline$/.exec(name) ?? [];
    return baseline === undefined || value === null
      ? []
      : `${figure(value)} ${unit} ${baselineName(baseline)}`;
  });
  const compared = baselines.length === 0 ? "" : ` To compare: ${baselines.join(", ")}.`;
  return `On ${held} that it had not seen it is off by ${figure(error)} ${unit} on average.${compared}`;
}

function releasePending({ detail }: EventOf<"release.pending">): Template {
  const { release, reason, approve, reject } = detail;
  return {
    subject: `Release ${release} waits for approval`,
    paragraphs: [
      `Release ${release} has passed the gate and waits for a person to approve it.`,
      reason,
      served(detail.served),
      `To put it into service: ${approve}\nTo reject it for good: ${reject}`,
      ...report(detail.report),
    ],
    link: detail.link,
  };
}

const report = (folder: string | undefined) =>
  folder === undefined ? [] : [`The gate's report, with all figures and pictures: ${folder}report.html`];

const baselineName = (name: string) =>
  name === "median" ? "when always guessing the median" : `with a straight line on ${name}`;

function dataRejected({ detail }: EventOf<"data.rejected">): Template {
  const { rejected, read, reason, source, object, link } = detail;
  if (source !== undefined && rejected > 0) return recordsSetAside(detail, source);
  if (source !== undefined) return inputSetAside(source, reason, object, link);
  const share = read === 0 ? "" : ` (${figure((100 * rejected) / read)} %)`;
  return {
    subject: `${whole(rejected)} of ${counted(read, "record")} rejected`,
    paragraphs: [
      `${counted(rejected, "record")}${share} of the ${counted(read, "record")} that were read cannot be used and are left out.`,
      `Reason: ${reason}`,
      "Correct the data at its source, land it again and release again. What is served has not changed.",
    ],
    link,
  };
}

function recordsSetAside(detail: EventOf<"data.rejected">["detail"], source: string): Template {
  const { rejected, reason, object = "", link } = detail;
  return {
    subject: `The source ${source} has set ${counted(rejected, "record")} aside`,
    paragraphs: [
      `${counted(rejected, "record")} that came from the source ${source} cannot be used. All others were landed.`,
      `Reasons: ${reason}.`,
      `In the data bucket the first are in ${object}, each with its reason. Correct what sends them, and send them again.`,
    ],
    link,
  };
}

function inputSetAside(source: string, reason: string, object = "", link?: string): Template {
  return {
    subject: `The source ${source} has set an input aside`,
    paragraphs: [
      `Nothing of it was landed, so nothing of it is trained on: ${reason}.`,
      ...(object === "" ? [] : [`In the data bucket it is ${object}, with the reason beside it.`]),
      "Correct it where it comes from and send it again. When schema.json is what has to change, the next run after that tries it again.",
    ],
    link,
  };
}

const served = (release: string | null | undefined) =>
  release
    ? `Release ${release} is in service.`
    : "No release is in service: the API answers 503 until there is one.";

const footer = ({ stack, kind }: SlipwayEvent, topic: string) =>
  [
    "--",
    `You get this because your address is subscribed to the topic ${topic} (stack ${stack}, event ${kind}).`,
    `To stop it, ask the team that runs the stack to take your address out of its subscriptions.`,
  ].join("\n");

/** `text` as SNS takes a subject: printable ASCII, 100 characters. */
export function asSubject(text: string): string {
  const ascii = text
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/\s+/g, " ")
    .replace(/[^\x20-\x7e]/g, "?");
  return ascii.length > 100 ? `${ascii.slice(0, 97)}...` : ascii;
}
