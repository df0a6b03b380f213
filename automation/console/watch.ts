import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { errorLine } from "../errors";
import { activityBetween, nothingYet } from "./activity";
import { type Activity, type Reading, type SectionName, type Sections } from "./sections";
import { NotUp } from "./world";

/** How a section is read, and how often: every `seconds`, and when it is nudged. */
export interface Source<Name extends SectionName = SectionName> {
  seconds: number;
  read(): Promise<Sections[Name]>;
}

export type Sources = { [Name in SectionName]: Source<Name> };

/** A section is looked at so often at most, however often it is nudged. */
const leastMs = 150;
const mostActivities = 100;

/** What has changed: a section, or something that happened. */
interface WatchEvents {
  section: [name: SectionName, reading: Reading];
  activity: [activity: Activity];
}

/** Reads the sections of a stack again and again, and tells what has changed. */
export class Watch extends EventEmitter<WatchEvents> {
  readonly readings: { [Name in SectionName]?: Reading<Sections[Name]> } = {};
  /** Oldest first. */
  readonly activities: Activity[] = [];
  /** What each section was when it could be read last: what has changed since is told, also of the time between. */
  private readonly lastSeen: Partial<Sections> = {};
  private readonly nudges = new EventEmitter().setMaxListeners(0);
  private lastId = 0;

  constructor(readonly sources: Sources) {
    super();
    this.setMaxListeners(0);
  }

  /** Reads until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const names = Object.keys(this.sources) as SectionName[];
    await Promise.all(names.map((name) => this.follow(name, signal)));
  }

  /** Has these sections read soon: something of theirs has changed. */
  nudge(names: SectionName[]): void {
    for (const name of names) this.nudges.emit(name);
  }

  private async follow(name: SectionName, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const woken = new AbortController();
      const end = AbortSignal.any([signal, woken.signal]);
      // Listening before it is read: what changes meanwhile is seen by the next look.
      const nudged = once(this.nudges, name, { signal: end }).catch(() => undefined);
      const reading = await this.look(name);
      if (signal.aborted) return;
      this.tell(name, reading);
      const rest = (ms: number) => sleep(ms, undefined, { signal: end }).catch(() => undefined);
      await Promise.race([nudged, rest(this.sources[name].seconds * 1000)]);
      woken.abort();
      await sleep(leastMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(name: SectionName): Promise<Reading> {
    try {
      return { value: await this.sources[name].read() };
    } catch (error) {
      if (error instanceof NotUp) Object.assign(this.lastSeen, { [name]: nothingYet[name] });
      return { fault: errorLine(error) };
    }
  }

  private tell(name: SectionName, reading: Reading): void {
    if (JSON.stringify(this.readings[name]) === JSON.stringify(reading)) return;
    Object.assign(this.readings, { [name]: reading });
    this.emit("section", name, reading);
    if (!("value" in reading)) return;
    const was = this.lastSeen[name];
    Object.assign(this.lastSeen, { [name]: reading.value });
    if (was === undefined) return; // the first look, which has nothing to compare with
    const is = { [name]: reading.value } as Partial<Sections>;
    for (const seen of activityBetween({ [name]: was }, is)) {
      const activity = { ...seen, id: ++this.lastId, at: new Date().toISOString() };
      if (activity.text !== undefined) this.activities.push(activity);
      this.activities.splice(0, this.activities.length - mostActivities);
      this.emit("activity", activity);
    }
  }
}
