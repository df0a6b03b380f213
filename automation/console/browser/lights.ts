import { componentOf } from "../activity";
import { type Activity } from "../sections";
import { type Tone, toneOf } from "./card";
import { type Live } from "./live";

/** How components look, by their names in index.ts. */
export type Tones = Record<string, { lasting?: Tone; lit?: Activity["tone"] }>;

const litMs = 2_500;

/** What each component is at, and what has just happened in it. To be asked again each second: lights go out. */
export function tonesOf(live: Live): Tones {
  const tones: Tones = {};
  for (const [name, lasting] of Object.entries(lastingTones(live))) tones[name] = { lasting };
  for (const [name, { at, tone }] of Object.entries(live.lit))
    if (performance.now() - at < litMs) tones[name] = { ...tones[name], lit: tone };
  return tones;
}

/** What a component is at, for as long as it is. */
function lastingTones({ readings }: Live): Record<string, Tone> {
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
    for (const { name, state } of alarms.value) if (state === "ALARM") tones[componentOf(name)] = "bad";
  return tones;
}
