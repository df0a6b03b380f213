import { Readable } from "node:stream";
import { RequestReader } from "../../../handlers/predict/request";
import { validate } from "../../../handlers/predict/validate";
import { type Ports, type Run } from "../../../handlers/score/ports";
import { RowReader } from "../../../handlers/score/rows";
import { type Batch, keys } from "../../../handlers/shared/batches/batch";
import { type Batches, type Changes } from "../../../handlers/shared/batches/batch-table";
import { type SlipwayEvent } from "../../../handlers/shared/events";
import { recordSchema, targetOf } from "../../../handlers/shared/schema";
import { recordingLog, trip } from "../examples";

export const id = "0123456789abcdef01234567";
export const reader = new RowReader(recordSchema, new RequestReader(recordSchema, validate));
export const header = "pickup,passengers,distance,color,pickup_zone";

/** A trip as a line of CSV. */
export const csvLine = (distance: number | string) =>
  `2019-03-23 20:21:09,1,${distance},yellow,"Lenox Hill West"`;
export const jsonLine = (distance: number) => JSON.stringify({ ...trip, distance });

/** What a model does with a record in these tests: ten times its distance, and no trip of 13 miles. */
export const answerTo = ({ distance }: { distance: number }) =>
  distance === 13
    ? { message: "distance is unlucky", errors: [{ field: "distance", value: 13, rule: "is unlucky" }] }
    : { value: 10 * distance, lower: 10 * distance - 1, upper: 10 * distance + 1 };

/** The table of batches with one batch in it, by the rules of the real one. */
class OneBatch implements Batches {
  batch: Batch;
  history: Batch["status"][] = [];

  constructor(format: Batch["format"]) {
    const created = "2026-11-24T08:00:00.000Z";
    this.batch = { id, format, status: "awaiting-upload", created, uploadBy: created, expires: 4e9 };
  }

  create(): Promise<void> {
    throw new Error("not in these tests");
  }

  find(asked: string): Promise<Batch | undefined> {
    return Promise.resolve(asked === id ? this.batch : undefined);
  }

  claim(asked: string, owner: string, version: string | undefined): Promise<Batch | undefined> {
    const { status, job } = this.batch;
    const mine = this.batch.owner === owner && ["queued", "running"].includes(status) && job === undefined;
    if (asked !== id || !(status === "awaiting-upload" || mine)) return Promise.resolve(undefined);
    return this.change({ status: "queued", owner, version, started: this.batch.created });
  }

  update(_: string, changes: Changes): Promise<Batch | undefined> {
    if (!["queued", "running"].includes(this.batch.status)) return Promise.resolve(undefined);
    return this.change(changes);
  }

  private change(changes: Changes): Promise<Batch> {
    const defined = Object.entries(changes).filter(([, value]) => value !== undefined);
    const merged = { ...this.batch, ...Object.fromEntries(defined) };
    this.batch = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)) as Batch;
    if (this.history.at(-1) !== this.batch.status) this.history.push(this.batch.status);
    return Promise.resolve(this.batch);
  }
}

/** Everything around scoring, in memory. */
export class World {
  readonly batches: OneBatch;
  readonly objects = new Map<string, string>();
  readonly events: SlipwayEvent[] = [];
  readonly jobs: string[] = [];
  /** Bodies of the requests that the endpoint got. */
  readonly asked: string[] = [];
  readonly log = recordingLog();
  readonly run: Run = { id: "run-1", remaining: () => this.remaining };
  remaining = 900_000;
  served = { model: "model-1", release: "r-1" };
  endpointBytes = 1e6;
  /** What the endpoint does; may throw. */
  endpoint = (body: string, _: number): { body: string; customAttributes?: string } => {
    const { instances } = JSON.parse(body) as { instances: { distance: number }[] };
    return {
      body: JSON.stringify({ predictions: instances.map(answerTo) }),
      customAttributes: "release=r-1",
    };
  };

  constructor(
    format: Batch["format"],
    readonly input: string,
  ) {
    this.batches = new OneBatch(format);
    this.objects.set(keys.input({ id, format }), input);
  }

  get upload() {
    return { id, format: this.batches.batch.format, bytes: this.input.length };
  }

  get results() {
    return this.objects.get(keys.results(this.batches.batch));
  }

  get rejected() {
    const lines = (this.objects.get(keys.rejected({ id })) ?? "").trim().split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line) as { row: number; errors: object[]; input: unknown });
  }

  get ports(): Ports {
    const { objects } = this;
    return {
      ...{ stack: "dev", schema: recordSchema, target: targetOf(recordSchema), reader },
      ...{ batches: this.batches, served: this.served, endpointBytes: this.endpointBytes },
      ...{ retryMilliseconds: 0, log: this.log.log, now: () => new Date("2026-11-24T08:01:00.000Z") },
      objects: {
        read(key) {
          const text = objects.get(key);
          if (text === undefined) return Promise.reject(new Error(`no object ${key}`));
          return Promise.resolve(Readable.from([Buffer.from(text)]));
        },
        write: (key, text) => Promise.resolve(void objects.set(key, text)),
        writer(key) {
          let text = "";
          return {
            write: (more) => Promise.resolve(void (text += more)),
            close: () => Promise.resolve(void objects.set(key, text)),
            abort: () => Promise.resolve(),
          };
        },
      },
      invoke: (body) => {
        const count = this.asked.push(body);
        return Promise.resolve().then(() => this.endpoint(body, count));
      },
      transform: ({ id: of }) => {
        this.jobs.push(of);
        return Promise.resolve(`job-${of}`);
      },
      announce: (event) => Promise.resolve(void this.events.push(event)),
    };
  }

  /** What a transform job does: each object of records gets one of answers. */
  transform(answer = (line: string) => JSON.stringify(answerTo(JSON.parse(line) as { distance: number }))) {
    for (const [key, text] of [...this.objects]) {
      const [, name] = /^batches\/records\/[^/]+\/(.+)$/.exec(key) ?? [];
      if (name === undefined) continue;
      const answers = text.trim().split("\n").map(answer);
      this.objects.set(`${keys.answers(id)}${name}.out`, `${answers.join("\n")}\n`);
    }
  }
}
