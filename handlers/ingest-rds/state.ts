import * as v from "valibot";

/** A chunk that is decided on: the same rows under the same name, however often it is tried. */
const planSchema = v.object({
  from: v.optional(v.string()),
  to: v.string(),
  /** Day of its folder, YYYY-MM-DD. */
  date: v.string(),
});

/** What a source remembers between its runs: `sources/<source>/state.json`. */
const stateSchema = v.object({
  /** All rows up to this one have landed. */
  watermark: v.optional(v.object({ column: v.string(), value: v.string() })),
  plan: v.optional(planSchema),
  /** Columns that the last run read. */
  columns: v.optional(v.array(v.string())),
  /** The fault of the columns that the subscribers know of. */
  announced: v.optional(v.string()),
  /** The run that is at work, until when at the latest (ISO 8601). */
  lease: v.optional(v.object({ run: v.string(), until: v.string() })),
});

export type Plan = v.InferOutput<typeof planSchema>;
export type State = v.InferOutput<typeof stateSchema>;

/** Where the state is kept. `version` is what tells two writers apart; undefined: there is none yet. */
export interface StateStore {
  read(): Promise<{ text: string | undefined; version: string | undefined }>;
  /** @returns the new version, or undefined when another run has written since `version` was read. */
  write(text: string, version: string | undefined): Promise<string | undefined>;
}

/** Another run has taken this one's place. */
export class Overtaken extends Error {}

/** The state in the hands of one run: nobody else writes it until it is released or the run's time is over. */
export class Memory {
  private constructor(
    private readonly store: StateStore,
    readonly state: State,
    private version: string | undefined,
  ) {}

  /** Takes the state, or says until when another run has it. @throws Error when the file holds something else. */
  static async take(
    store: StateStore,
    lease: { run: string; until: Date },
    now: Date,
  ): Promise<Memory | { busyUntil: string }> {
    const { text, version } = await store.read();
    const state = text === undefined ? {} : v.parse(stateSchema, JSON.parse(text));
    if (state.lease && new Date(state.lease.until) > now) return { busyUntil: state.lease.until };
    const memory = new Memory(store, state, version);
    const taken = await memory.write({ lease: { run: lease.run, until: lease.until.toISOString() } });
    return taken ? memory : { busyUntil: "it is done" };
  }

  /** @throws Overtaken when another run has written meanwhile. */
  async keep(change: Partial<State>): Promise<void> {
    if (!(await this.write(change)))
      throw new Overtaken("another run has written the source's state meanwhile");
  }

  /** Lets the next run in; one that cannot has to wait until this one's time is over. */
  async release(): Promise<void> {
    await this.write({ lease: undefined });
  }

  private async write(change: Partial<State>): Promise<boolean> {
    Object.assign(this.state, change);
    const version = await this.store.write(JSON.stringify(this.state), this.version);
    if (version !== undefined) this.version = version;
    return version !== undefined;
  }
}
