import { type SlipwayEvent } from "../shared/events";
import { batchCompleted, batchFailed } from "./words/batches";
import { moment } from "./figures";
import { dataRejected } from "./words/data";
import { predictionResults } from "./words/predictions";
import { releaseDeployed, releasePending, releaseRejected, releaseRolledBack } from "./words/releases";
import { subscriptionRemoval } from "./words/subscription";

/** An email to the subscribers, in plain text. */
export interface Mail {
  /** At most 100 ASCII characters, as SNS demands. */
  subject: string;
  body: string;
}

/** Where the reader of a mail can go. */
export interface Places {
  /** Name of the topic that sends it. */
  topic: string;
  /** The API's root, where the playground is. */
  api?: string;
  /** The page that takes an address out; without one there is only the link that AWS puts under each mail. */
  unsubscribe?: string;
}

/** The words for one event. */
export interface Template {
  subject: string;
  /** The first says what happened. */
  paragraphs: string[];
  /** Figures and names, one a line, by label. */
  facts?: [label: string, value: string][];
  /** After the facts. */
  rest?: string[];
  link?: string | undefined;
}

/** The mail that tells people of `event`. */
export function mailOf(event: SlipwayEvent, places: Places): Mail {
  const { subject, paragraphs, facts = [], rest = [], link } = templateOf(event, places);
  const parts = [
    ...paragraphs,
    ...(facts.length === 0 ? [] : [table(facts)]),
    ...rest,
    ...(link === undefined ? [] : [`More: ${link}`]),
    footer(event, places),
  ];
  return { subject: asSubject(`[${event.stack}] ${subject}`), body: `${parts.join("\n\n")}\n` };
}

function templateOf(event: SlipwayEvent, places: Places): Template {
  switch (event.kind) {
    case "prediction.results":
      return predictionResults(event, places);
    case "release.deployed":
      return releaseDeployed(event);
    case "release.rejected":
      return releaseRejected(event);
    case "release.pending":
      return releasePending(event);
    case "release.rolledback":
      return releaseRolledBack(event);
    case "data.rejected":
      return dataRejected(event);
    case "batch.completed":
      return batchCompleted(event.detail);
    case "batch.failed":
      return batchFailed(event.detail);
    case "alarm":
      return {
        subject: event.severity === "info" ? event.detail.what : `Alarm: ${event.detail.what}`,
        paragraphs: [`${event.detail.what}.`],
        facts: [
          ["When", moment(event.time)],
          ["Reason", event.detail.reason],
        ],
        link: event.detail.link,
      };
    case "subscription.removal":
      return subscriptionRemoval(event, places);
  }
}

/** `facts` with their values below each other. The colon keeps them readable where letters differ in width. */
function table(facts: [string, string][]): string {
  const width = Math.max(...facts.map(([label]) => label.length)) + 1;
  return facts.map(([label, value]) => `${`${label}:`.padEnd(width)}  ${value}`).join("\n");
}

function footer({ stack, kind }: SlipwayEvent, { topic, unsubscribe }: Places): string {
  const why =
    kind === "subscription.removal"
      ? `This went to your address alone, from the topic ${topic} (stack ${stack}).`
      : `You get this as a subscriber of the topic ${topic} (stack ${stack}, event ${kind}).`;
  const stop =
    unsubscribe === undefined
      ? "To stop these mails, follow the link that AWS puts below."
      : `To stop these mails: ${unsubscribe}`;
  return ["--", why, ...(kind === "subscription.removal" ? [] : [stop])].join("\n");
}

/** `text` as SNS takes a subject: printable ASCII, 100 characters. */
export function asSubject(text: string): string {
  const ascii = text
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/\s+/g, " ")
    .replace(/[^\x20-\x7e]/g, "?");
  return ascii.length > 100 ? `${ascii.slice(0, 97)}...` : ascii;
}
