import {
  type Activity,
  type Alarm,
  type DataSection,
  type Endpoint,
  type Job,
  type Messages,
  type Monitor,
  type Release,
  type Sections,
  type Traffic,
  type Variant,
} from "./sections";

/** Something that was seen, before it has its number and time. */
export type Seen = Omit<Activity, "id" | "at">;

/** The sections of a stack that is not up. Whatever is there at the first look after it, has happened since. */
export const nothingYet: Partial<Sections> = {
  data: { sources: [], snapshots: [], shift: [] },
  jobs: [],
  releases: [],
  endpoint: null,
  traffic: { seconds: 0, spans: [], releases: {} },
  messages: { waiting: 0, dead: 0, mails: [] },
  alarms: [],
  monitor: null,
};

/**
 * What has happened between two looks at a stack. Components are named as in index.ts. Of sections that are not in both looks
 * nothing is told.
 */
export function activityBetween(before: Partial<Sections>, after: Partial<Sections>): Seen[] {
  const seen: Seen[] = [];
  const compare = <Name extends keyof Sections>(
    name: Name,
    changes: (was: Sections[Name], is: Sections[Name]) => Seen[],
  ) => {
    if (name in before && name in after)
      seen.push(...changes(before[name] as Sections[Name], after[name] as Sections[Name]));
  };
  compare("data", dataChanges);
  compare("jobs", jobChanges);
  compare("releases", releaseChanges);
  compare("endpoint", endpointChanges);
  compare("traffic", trafficChanges);
  compare("messages", messageChanges);
  compare("alarms", alarmChanges);
  compare("monitor", monitorChanges);
  return seen;
}

function dataChanges(was: DataSection, is: DataSection): Seen[] {
  const landed = is.sources.flatMap(({ name, objects }): Seen[] => {
    const more = objects - (was.sources.find((source) => source.name === name)?.objects ?? 0);
    const what = more === 1 ? "1 object" : `${more} objects`;
    return more > 0 ? [plain(["sources", "data"], `${what} landed from ${name}`)] : [];
  });
  const known = new Set(was.snapshots.map(({ at }) => at));
  const frozen = is.snapshots
    .filter(({ at }) => !known.has(at))
    .map(({ hash, kept, rejected }) => {
      const bad = rejected > 0 ? `, ${count(rejected)} set aside` : "";
      return plain(["data"], `snapshot ${hash.slice(0, 12)}: ${count(kept)} rows${bad}`);
    });
  return [...landed, ...frozen];
}

const titles: Record<Job["kind"], string> = {
  processing: "processing job",
  training: "training job",
  transform: "batch transform job",
};

function jobChanges(was: Job[], is: Job[]): Seen[] {
  const known = new Map(was.map((job) => [job.name, job]));
  return is.toReversed().flatMap((job): Seen[] => {
    const before = known.get(job.name);
    if (before?.status === job.status && before.detail === job.detail) return [];
    const components = job.kind === "training" ? ["jobs", "image"] : ["jobs"];
    const text = `${titles[job.kind]} ${job.name}: ${words(job.status)}`;
    if (job.status === "Failed") return [{ components, text: `${text}, ${job.detail}`, tone: "bad" }];
    if (job.status === "Completed") return [{ components, text, tone: "good" }];
    return [plain(components, job.detail ? `${text}, ${words(job.detail)}` : text)];
  });
}

function releaseChanges(was: Release[], is: Release[]): Seen[] {
  const known = new Map(was.map((release) => [release.id, release]));
  return is.toReversed().flatMap((release): Seen[] => {
    const before = known.get(release.id);
    const { id, state, gate } = release;
    const seen: Seen[] = [];
    if (!before) seen.push(plain(["registry"], `release ${id} is in the registry`));
    if (gate && !before?.gate) {
      const tone = gate.decision === "accepted" ? "good" : "bad";
      seen.push({ components: ["registry"], text: `the gate has ${gate.decision} release ${id}`, tone });
    }
    if (before && state !== before.state && state === "served")
      seen.push(plain(["release"], `release ${id} is the one to be served`));
    return seen;
  });
}

function endpointChanges(was: Endpoint | null, is: Endpoint | null): Seen[] {
  const components = ["endpoint"];
  if (!is) return was ? [{ components, text: "the endpoint is gone", tone: "bad" }] : [];
  const seen: Seen[] = [];
  const [coming, serving] = [releaseThat("taking over"), releaseThat("in service")];
  if (coming(is) && coming(is) !== coming(was))
    seen.push(plain(components, `release ${coming(is)} begins to take over`));
  if (serving(is) && serving(is) !== serving(was))
    seen.push({ components, text: `release ${serving(is)} is in service`, tone: "good" });
  if (is.status !== was?.status) {
    const tone = ["RollingBack", "Failed", "UpdateRollbackFailed"].includes(is.status)
      ? "bad"
      : is.status === "InService" && !is.failure
        ? "good"
        : "plain";
    const why = is.failure && tone !== "plain" ? `: ${is.failure}` : "";
    seen.push({ components, text: `the endpoint is ${words(is.status)}${why}`, tone });
  }
  return seen;
}

const releaseThat = (is: Variant["role"]) => (endpoint: Endpoint | null) =>
  endpoint?.variants.find(({ role }) => role === is)?.release;

/** Requests light the picture up, and are too many for the list. */
function trafficChanges(was: Traffic, is: Traffic): Seen[] {
  const last = (of: "answered" | "failed" | "refused") => {
    const known = new Map(was.spans.map((span) => [span.at, span[of]]));
    return is.spans.some((span) => span[of] > (known.get(span.at) ?? 0));
  };
  const seen: Seen[] = [];
  if (last("answered")) seen.push({ components: ["api", "endpoint", "results"], tone: "plain" });
  if (last("refused")) seen.push({ components: ["api"], tone: "plain" });
  if (last("failed")) seen.push({ components: ["api", "endpoint"], tone: "bad" });
  return seen;
}

function messageChanges(was: Messages, is: Messages): Seen[] {
  const known = new Set(was.mails?.map(({ id }) => id));
  const mails = (is.mails ?? [])
    .filter(({ id }) => !known.has(id))
    .toReversed()
    .map(({ to, subject, kind, severity }): Seen => {
      const tone = severity === "error" ? "bad" : "plain";
      // As many as there are requests.
      if (kind === "prediction.results") return { components: ["results"], tone };
      return { components: ["results"], text: `mail to ${to}: ${subject}`, tone };
    });
  const dead = is.dead - was.dead;
  if (dead <= 0) return mails;
  return [
    ...mails,
    { components: ["results"], text: `${count(dead)} more that could not be published`, tone: "bad" },
  ];
}

function alarmChanges(was: Alarm[], is: Alarm[]): Seen[] {
  const known = new Map(was.map(({ name, state }) => [name, state]));
  return is.flatMap(({ name, component, state, reason }): Seen[] => {
    const before = known.get(name);
    if (state === before) return [];
    const components = component ? [component] : [];
    if (state === "ALARM") return [{ components, text: `the alarm ${name} rings: ${reason}`, tone: "bad" }];
    return before === "ALARM" ? [{ components, text: `the alarm ${name} is over`, tone: "good" }] : [];
  });
}

function monitorChanges(was: Monitor | null, is: Monitor | null): Seen[] {
  if (!is?.look || is.look.at === was?.look?.at) return [];
  const [worst] = is.columns;
  const most = worst ? `${worst.column} has changed most, ${worst.value.toFixed(2)}` : "too few to compare";
  return [plain(["monitor"], `the model monitor has looked at ${count(is.look.captured)} records: ${most}`)];
}

const plain = (components: string[], text: string): Seen => ({ components, text, tone: "plain" });
const count = (value: number) => value.toLocaleString("en-US");

/** `InProgress` as `in progress`. */
export const words = (name: string): string =>
  name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();
