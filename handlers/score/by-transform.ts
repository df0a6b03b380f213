import { type Batch, keys } from "../shared/batches/batch";
import { Unfit } from "../shared/landing/shape";
import { readAnswerLines, type Released } from "./answers";
import { BatchFailure, complete } from "./end";
import { openInput, spareMilliseconds } from "./input";
import { type Ports, type Run } from "./ports";
import { Results } from "./results";
import { type Row } from "./rows";

/** A transform job answers object by object: how many of them are answered is how far it is. */
const recordsInPart = 20_000;
const charactersInPart = 8_000_000;
const heardMilliseconds = 60_000;

/**
 * Begins to score a file of any size: writes its valid records as JSON Lines, which can be split anywhere (CSV cannot:
 * its header is in the first line), and has a transform job answer them. No capacity of the endpoint is used.
 */
export async function scoreByTransform(batch: Batch, run: Run, ports: Ports): Promise<void> {
  const { id } = batch;
  const { model, release } = ports.served;
  if (model === "") throw new BatchFailure("There is no model any more: nothing is released on this stack.");
  const { columns, parts } = await openInput(batch, ports);
  const records = new RecordParts(id, ports);
  let rows = 0;
  let heard = ports.now().getTime();
  for await (const part of parts) {
    if (run.remaining() < spareMilliseconds) {
      throw new Unfit(`has more rows than can be read in one run (${rows} were): send it in parts`);
    }
    rows += part.length;
    for (const row of part) if (row.errors.length === 0) await records.add(row);
    const now = ports.now();
    if (now.getTime() - heard < heardMilliseconds) continue;
    heard = now.getTime();
    await ports.batches.update(id, { heard: now.toISOString() });
  }
  await records.flush();
  if (records.counts.length === 0) return join(batch, { columns, rows, release }, ports);
  await ports.batches.update(id, {
    status: "running",
    rows,
    done: rows - records.count,
    parts: records.counts,
    release,
  });
  const job = await ports.transform(batch, release);
  await ports.batches.update(id, { job, heard: null });
  ports.log.info("a transform job is at work", { batch: id, job, rows, parts: records.counts.length });
}

/** Ends a batch whose transform job has ended. */
export async function finishTransform(batch: Batch, ports: Ports): Promise<void> {
  const { id, parts = [], rows = 0, release = "" } = batch;
  if (!(await ports.batches.update(id, { heard: ports.now().toISOString() }))) return;
  await join(batch, { rows, release, answers: new Answers(id, parts, release, ports) }, ports);
}

/** Writes the results: the uploaded rows beside their answers, in the same order. */
async function join(
  batch: Batch,
  { rows, release, answers }: { columns?: string[]; rows: number; release: string; answers?: Answers },
  ports: Ports,
): Promise<void> {
  const { columns, parts } = await openInput(batch, ports);
  const results = new Results(batch, columns, ports.schema, ports.objects);
  try {
    for await (const part of parts) {
      const valid = part.filter(({ errors }) => errors.length === 0).length;
      await results.add(part, valid > 0 && answers ? await answers.take(valid) : []);
    }
    await results.close();
  } catch (error) {
    await results.abort();
    throw error;
  }
  await complete(batch, results, { rows, release }, ports);
}

/** Records on their way into the objects that a transform job is given. */
class RecordParts {
  readonly counts: number[] = [];
  count = 0;
  private lines: string[] = [];
  private characters = 0;

  constructor(
    private readonly id: string,
    private readonly ports: Ports,
  ) {}

  async add({ record }: Row): Promise<void> {
    const line = JSON.stringify(record);
    this.lines.push(line);
    this.characters += line.length;
    if (this.lines.length >= recordsInPart || this.characters >= charactersInPart) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.lines.length === 0) return;
    await this.ports.objects.write(keys.record(this.id, this.counts.length), `${this.lines.join("\n")}\n`);
    this.counts.push(this.lines.length);
    this.count += this.lines.length;
    this.lines = [];
    this.characters = 0;
  }
}

/** The answers of a transform job, in the order of the records. */
class Answers {
  private waiting: Released[] = [];
  private part = 0;

  constructor(
    private readonly id: string,
    private readonly parts: number[],
    private readonly release: string,
    private readonly ports: Ports,
  ) {}

  /** @throws ModelFault when there are not so many. */
  async take(count: number): Promise<Released[]> {
    while (this.waiting.length < count) this.waiting = [...this.waiting, ...(await this.next())];
    return this.waiting.splice(0, count);
  }

  private async next(): Promise<Released[]> {
    const count = this.parts[this.part];
    if (count === undefined) throw new Error("there are more records than were given to the transform job");
    const chunks: Buffer[] = [];
    const body = await this.ports.objects.read(keys.answer(this.id, this.part));
    for await (const chunk of body) chunks.push(chunk);
    this.part += 1;
    const answers = readAnswerLines(Buffer.concat(chunks).toString(), count);
    return answers.map((answer) => ({ answer, release: this.release }));
  }
}
