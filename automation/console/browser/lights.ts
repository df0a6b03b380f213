import { type Activity } from "../sections";
import { type Tone, toneOf, valueOf } from "./card";
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
  const endpoint = valueOf(readings.endpoint);
  if (valueOf(readings.jobs)?.some(({ status }) => toneOf(status) === "busy")) tones.jobs = "busy";
  if (valueOf(readings.releases)?.some(({ state }) => state === "pending")) tones.registry = "busy";
  if (endpoint) {
    tones.endpoint = endpoint.deployment ? "busy" : toneOf(endpoint.status);
    if (endpoint.status === "InService") tones.api = "good";
  }
  if ((valueOf(readings.messages)?.dead ?? 0) > 0) tones.results = "bad";
  for (const { component, state } of valueOf(readings.alarms) ?? [])
    if (component && state === "ALARM") tones[component] = "bad";
  return tones;
}
