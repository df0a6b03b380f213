import { type ColumnProfile, type Profile } from "../shared/profile";
import { probeMark } from "../shared/probe";
import { type CapturedRequest, parseCaptured } from "./captured";
import { driftOf, fewestRecords, profileOf } from "./drift";
import { type Label, type Quality, qualityOf, readLabels } from "./labels";

/** An object of the data bucket. */
export interface Stored {
  key: string;
  text: string;
}

/** What the released model was made from, and what it answered to rows that it had not seen. */
export interface Baseline {
  snapshot: string;
  profile: Profile;
  /** Predictions of the held-out rows; none when the release was never evaluated. */
  predictions: (number | string)[];
}

/** What a look needs of the world. */
export interface Ports {
  release: string;
  target: string;
  /** Days for which captured requests are kept. */
  captureDays: number;
  baseline(): Promise<Baseline>;
  /** What was captured of the release's requests since then, newest first. */
  captured(since: Date): AsyncIterable<Stored>;
  /** Files that were put under `labels/` since then, oldest first. */
  labels(since: Date): AsyncIterable<Stored>;
  now(): Date;
}

/** What was found. */
export interface Look {
  release: string;
  snapshot: string;
  /** ISO 8601: the requests since then are compared. */
  since: string;
  /** Of these: records, requests, and requests that could not be read. */
  captured: number;
  requests: number;
  unreadable: number;
  /** As many records as are needed for an index. */
  fewest: number;
  /** Population stability index of each column, greatest first; none with too few records. */
  columns: { column: string; index: number }[];
  /** The same of the predictions, against those of the held-out rows; null with too few. */
  prediction: number | null;
  quality: Quality;
}

/** The requests of one day are compared: every hour of a day is in them. */
const lookedBackHours = 24;
/** More would tell nothing new; the newest count. */
const mostRecords = 10_000;
/** Among so many requests, the newest, labels find theirs. */
const mostRequests = 100_000;
const hourMs = 3_600_000;

/**
 * Compares what the served release was asked, and what it answered, with what it was made from; and its answers with
 * what was true. A look keeps no state: another one finds the same.
 */
export async function look(ports: Ports): Promise<Look> {
  const { release, target, captureDays } = ports;
  const now = ports.now().getTime();
  const since = new Date(now - lookedBackHours * hourMs);
  const { snapshot, profile, predictions } = await ports.baseline();
  const { [target]: truth, ...features } = profile.columns;
  const isNumber = truth?.kind === "number";
  const labels = await labelsSince(ports, since, { name: target, isNumber });
  const recent = await read(ports.captured(since));
  const labelled = new Set(labels.labels.map(({ requestId }) => requestId));
  const before = new Date(now - captureDays * 24 * hourMs);
  const joined = labelled.size > 0 ? await find(ports.captured(before), labelled) : [];
  const records = recent.requests.flatMap((request) => request.records);
  const isEnough = records.length >= fewestRecords;
  const held = profileOf(predictions, isNumber ? "number" : "category");
  return {
    ...{ release, snapshot, since: since.toISOString(), fewest: fewestRecords },
    ...{ captured: records.length, requests: recent.requests.length, unreadable: recent.unreadable },
    columns: isEnough
      ? driftOfColumns(
          features,
          records.map(({ input }) => input),
        )
      : [],
    prediction:
      isEnough && predictions.length > 0
        ? driftOf(
            held,
            records.map(({ value }) => value),
          )
        : null,
    quality: qualityOf(labels, joined, isNumber),
  };
}

const driftOfColumns = (features: Record<string, ColumnProfile>, inputs: Record<string, unknown>[]) =>
  Object.entries(features)
    .map(([column, before]) => ({
      column,
      index: driftOf(
        before,
        inputs.map((input) => input[column]),
      ),
    }))
    .sort((a, b) => b.index - a.index);

async function read(
  objects: AsyncIterable<Stored>,
): Promise<{ requests: CapturedRequest[]; unreadable: number }> {
  const requests: CapturedRequest[] = [];
  let [records, unreadable] = [0, 0];
  for await (const request of requestsOf(objects)) {
    if (!request) unreadable += 1;
    else if (!request.requestId?.startsWith(probeMark)) {
      requests.push(request);
      records += request.records.length;
    }
    if (records >= mostRecords) break;
  }
  return { requests, unreadable };
}

/** The requests with these ids, as far as they are among the newest. */
async function find(objects: AsyncIterable<Stored>, ids: Set<string>): Promise<CapturedRequest[]> {
  const found: CapturedRequest[] = [];
  let looked = 0;
  for await (const request of requestsOf(objects)) {
    if (request?.requestId !== undefined && ids.has(request.requestId)) found.push(request);
    if (found.length === ids.size || ++looked >= mostRequests) break;
  }
  return found;
}

async function* requestsOf(objects: AsyncIterable<Stored>): AsyncGenerator<CapturedRequest | undefined> {
  for await (const { text } of objects)
    for (const line of text.split("\n").reverse()) if (line.trim() !== "") yield parseCaptured(line);
}

async function labelsSince(ports: Ports, since: Date, target: { name: string; isNumber: boolean }) {
  const all: { labels: Label[]; unreadable: number } = { labels: [], unreadable: 0 };
  for await (const { key, text } of ports.labels(since)) {
    const { labels, unreadable } = readLabels(key, text, target);
    all.labels.push(...labels);
    all.unreadable += unreadable;
  }
  return all;
}
