import { useEffect, useState } from "preact/hooks";
import { type Activity, type Reading, type SectionName, type Sections } from "../sections";

/** What the console's server has told, as far as it has. */
export interface Live {
  connected: boolean;
  readings: { [Name in SectionName]?: Reading<Sections[Name]> };
  /** Newest first; those with a text. */
  activities: Activity[];
  /** When each component was last lit up, in milliseconds of this page's clock, and how. */
  lit: Record<string, { at: number; tone: Activity["tone"] }>;
}

const mostActivities = 100;

/** Follows the server; after an interruption the browser connects again by itself, and gets everything anew. */
export function useLive(): Live {
  const [live, setLive] = useState<Live>({ connected: false, readings: {}, activities: [], lit: {} });
  useEffect(() => {
    const source = new EventSource("/events");
    const connected = (value: boolean) => setLive((before) => ({ ...before, connected: value }));
    source.onopen = () => connected(true);
    source.onerror = () => connected(false);
    source.addEventListener("section", ({ data }: MessageEvent<string>) => {
      const { name, reading } = JSON.parse(data) as { name: SectionName; reading: Reading };
      setLive((before) => ({ ...before, readings: { ...before.readings, [name]: reading } }));
    });
    source.addEventListener("activity", ({ data }: MessageEvent<string>) => {
      const activity = JSON.parse(data) as Activity;
      setLive((before) => withActivity(before, activity));
    });
    return () => source.close();
  }, []);
  return live;
}

/** What is told again after an interruption is known already, and lights nothing up. */
function withActivity(live: Live, activity: Activity): Live {
  if (live.activities.some(({ id, at }) => id === activity.id && at === activity.at)) return live;
  const isFresh = Date.now() - Date.parse(activity.at) < 5_000;
  const light = { at: performance.now(), tone: activity.tone };
  return {
    ...live,
    activities: activity.text ? [activity, ...live.activities].slice(0, mostActivities) : live.activities,
    lit: isFresh
      ? { ...live.lit, ...Object.fromEntries(activity.components.map((name) => [name, light])) }
      : live.lit,
  };
}

/** The time, every second, so that "12 s ago" stays true. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
