import { type Tone } from "./card";
import { type Tones } from "./lights";

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
  { title: "Registry", component: "registry", card: "releases" },
  { title: "Endpoint", component: "endpoint", card: "endpoint" },
  { title: "API", component: "api", card: "endpoint" },
  { title: "Subscribers", component: "results", card: "mails" },
];

/** Watches the endpoint from beside the pipeline. */
const monitor: Stage = { title: "Monitor", component: "monitor", card: "monitor" };

/** The pipeline from left to right: a stage lights up when something happens in it. */
export function Stages({
  tones,
  monitored,
}: {
  tones: Tones;
  /** Whether the stack has a model monitor. */
  monitored: boolean;
}) {
  return (
    <nav aria-label="Stages of the pipeline">
      <ol class="stages">
        {[...stages, ...(monitored ? [monitor] : [])].map(({ title, component, card }) => {
          const { lasting = "plain", lit } = tones[component] ?? {};
          return (
            <li key={component} class={component === monitor.component ? "beside" : ""}>
              <a
                href={`#${card}`}
                class={`stage ${lasting} ${lit ? `lit-${lit}` : ""}`}
                data-stage={component}
              >
                <span class="name">{title}</span>
                <span class="state">{saying[lasting]}</span>
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
