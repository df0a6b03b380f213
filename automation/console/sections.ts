/**
 * What the console shows, section by section, as the server sends it to the page. Times are ISO 8601. Nothing here is a
 * secret: no key, no credential, no record of a caller.
 */
export interface Sections {
  stack: StackSection;
  data: DataSection;
  jobs: Job[];
  releases: Release[];
  endpoint: Endpoint | null;
  traffic: Traffic;
  messages: Messages;
  alarms: Alarm[];
  monitor: Monitor | null;
  cost: Cost;
  pictures: Pictures;
}

export type SectionName = keyof Sections;

/** A section as it was read last, or why it could not be read. */
export type Reading<T = unknown> = { value: T } | { fault: string };

export interface StackSection {
  name: string;
  region: string;
  /** Pages of the stack's own. */
  playgroundUrl: string;
  /** On the laptop. */
  inboxUrl: string | null;
  /** A record to ask about, as JSON; on the laptop alone: elsewhere the console only looks. */
  example: string | null;
  target: { name: string; unit: string };
}

export interface DataSection {
  /** What has been landed, by the source that has landed it. */
  sources: LandedSource[];
  /** Newest first. */
  snapshots: SnapshotRow[];
  /** Of columns, from the data of the served release to the newest snapshot, greatest first (population stability index). */
  shift: { column: string; index: number }[];
}

export interface LandedSource {
  name: string;
  objects: number;
  bytes: number;
  newest: string | null;
}

export interface SnapshotRow {
  hash: string;
  at: string;
  read: number;
  rejected: number;
  duplicates: number;
  kept: number;
  /** Most frequent first. */
  reasons: { field: string; rule: string; rows: number }[];
  /** Whether the release in service was made of it. */
  served: boolean;
}

export type JobKind = "processing" | "training" | "transform";

export interface Job {
  kind: JobKind;
  name: string;
  /** `InProgress`, `Completed`, `Failed`, `Stopping`, `Stopped`. */
  status: string;
  /** What it is doing, or why it failed. */
  detail: string;
  createdAt: string;
  endedAt: string | null;
  metrics: Record<string, number>;
}

export interface Release {
  id: string;
  state: "served" | "accepted" | "pending" | "rejected" | "not judged";
  at: string;
  commit: string | null;
  /** Of the model on the test rows, for people. */
  error: string;
  /** Why its last deployment was taken back, if it was. */
  takenBack: string | null;
  gate: {
    decision: "accepted" | "rejected";
    reason: string;
    champion: string | null;
    checks: { name: string; passed: boolean; explanation: string }[];
  } | null;
}

export interface Endpoint {
  name: string;
  /** `InService`, `Updating`, `RollingBack`, `Failed`, ... */
  status: string;
  failure: string | null;
  since: string | null;
  variants: Variant[];
  deployment: { release: string; previous: string | null; startedAt: string; failure: string | null } | null;
}

/** One fleet behind the endpoint: the one in service, or the one that is to take over. */
export interface Variant {
  name: string;
  release: string;
  role: "in service" | "taking over" | "shadow";
  /** Of the requests, 0 to 1; undefined where SageMaker does not say. */
  share: number | null;
  /** Running; null for a serverless endpoint. */
  instances: number | null;
}

/** Callers' requests to the public URL in the last minutes, as the predict function has logged them. */
export interface Traffic {
  /** Seconds that one of `spans` is long. */
  seconds: number;
  /** Oldest first, without gaps. */
  spans: Span[];
  /** Requests of the last minute by the release that has answered. */
  releases: Record<string, number>;
}

export interface Span {
  /** When it begins, in milliseconds since 1970. */
  at: number;
  answered: number;
  /** The caller's mistakes. */
  refused: number;
  /** Ours: status 500 and above. */
  failed: number;
  /** Of the answered, in milliseconds. */
  p50: number | null;
  p95: number | null;
}

export interface Messages {
  /** In the results queue, and in the queue of what could not be published. */
  waiting: number;
  dead: number;
  /** Newest first; null where the console cannot see them: in AWS they are in the subscribers' mailboxes. */
  mails: Mail[] | null;
}

export interface Mail {
  id: string;
  at: string;
  to: string;
  subject: string;
  kind: string;
  severity: string;
}

export interface Alarm {
  /** Without what all names of the stack begin with. */
  name: string;
  /** The component of index.ts that it is in; null for one that is not of the stack's program. */
  component: string | null;
  /** `OK`, `ALARM`, `INSUFFICIENT_DATA`. */
  state: string;
  reason: string;
  since: string | null;
  description: string;
  /** What it watches, and above which value it rings; null for one that watches other alarms. */
  metric: string | null;
  threshold: number | null;
}

/** What the model monitor has found: see docs/model-monitoring.md. */
export interface Monitor {
  /** The latest look of the last 24 hours, to the minute: records that were compared, and labels that were joined. */
  look: { at: string; captured: number; labels: number } | null;
  /** With fewer records no drift is told, and with fewer labels no error. */
  fewest: { records: number; labels: number };
  /** Population stability indexes (metric FeatureDrift) of the columns that have changed most, greatest first. */
  columns: Figure[];
  /** The same of the predictions (PredictionDrift). */
  prediction: Figure | null;
  /** Mean absolute error in `errorUnit`, or the share of wrong classes where that is null (ModelError). */
  error: Figure | null;
  errorUnit: string | null;
}

export interface Figure {
  column: string | null;
  /** Of the latest look. */
  value: number;
  /** Of each look of the last 24 hours, oldest first; `at` in milliseconds since 1970. */
  day: { at: number; value: number }[];
}

/** US dollars a month by the list prices, whether anything is used or not. */
export interface Cost {
  monthly: number;
  components: { component: string; monthly: number }[];
}

/** The architecture of the stack as it is, as SVG; components are found in it by `data-name`. */
export type Pictures = Record<"2d" | "isometric", string>;

/** Something that happened, for the page's list and its picture. */
export interface Activity {
  /** Grows by one with each. */
  id: number;
  at: string;
  /** Names of the components that it lights up. */
  components: string[];
  /** Undefined: not worth a line, such as one request among many. */
  text?: string;
  tone: "plain" | "good" | "bad";
}
