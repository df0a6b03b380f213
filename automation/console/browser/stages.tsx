import { type Live } from "./live";
import { type Tone, toneOf } from "./card";

/** A step of the pipeline, as the strip at the head of the page shows it. */
interface Stage {
  title: string;
  /** The component of index.ts that it is. */
  component: string;
  /** The card that says more. */
  card: string;
}

const stages: Stage[] = [
  { title: "Sources", component: "sources", card: "data" },
  { title: "Data", component: "data", card: "data" },
  { title: "Jobs", component: "jobs", card: "jobs" },
  { title: "Registry and gate", component: "registry", card: "releases" },
  { title: "Endpoint", component: "endpoint", card: "endpoint" },
  { title: "API", component: "api", card: "endpoint" },
  { title: "Subscribers", component: "results", card: "mails" },
];

const litMs = 2_500;

/** The pipeline from left to right: a stage lights up when something happens in it. */
export function Stages({ live, now }: { live: Live; now: number }) {
  const lasting = lastingTones(live);
  void now; // it is drawn anew each second, and lights go out
  return (
    <nav aria-label="Stages of the pipeline">
      <ol class="stages">
        {stages.map(({ title, component, card }) => {
          const light = live.lit[component];
          const isLit = light && performance.now() - light.at < litMs;
          const tone = lasting[component] ?? "plain";
          return (
            <li key={component}>
              <a
                href={`#${card}`}
                class={`stage ${tone} ${isLit ? `lit-${light.tone}` : ""}`}
                data-stage={component}
              >
                <span class="name">{title}</span>
                <span class="state">{saying[tone]}</span>
              </a>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

const saying: Record<Tone, string> = {
  plain: "quiet",
  busy: "at work",
  good: "in service",
  bad: "in trouble",
};

/** What a component is at, for as long as it is. */
export function lastingTones({ readings }: Live): Record<string, Tone> {
  const tones: Record<string, Tone> = {};
  const { jobs, endpoint, alarms, releases, messages } = readings;
  if (jobs && "value" in jobs && jobs.value.some(({ status }) => toneOf(status) === "busy"))
    tones.jobs = "busy";
  if (releases && "value" in releases && releases.value.some(({ state }) => state === "pending"))
    tones.registry = "busy";
  if (endpoint && "value" in endpoint && endpoint.value) {
    tones.endpoint = endpoint.value.deployment ? "busy" : toneOf(endpoint.value.status);
    if (endpoint.value.status === "InService") tones.api = "good";
  }
  if (messages && "value" in messages && messages.value.dead > 0) tones.results = "bad";
  if (alarms && "value" in alarms)
    for (const { name, state } of alarms.value) if (state === "ALARM") tones[componentOfAlarm(name)] = "bad";
  return tones;
}

const componentOfAlarm = (name: string) =>
  name.startsWith("source-") ? "sources" : name.startsWith("results-") ? "results" : "endpoint";
