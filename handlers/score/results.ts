import { stringify } from "csv-stringify/sync";
import { type Batch, keys } from "../shared/batches/batch";
import { type FieldError } from "../shared/problem";
import { type RecordSchema } from "../shared/schema";
import { errorsOf, type Released } from "./answers";
import { type ObjectWriter, type Objects } from "./ports";
import { type Row, type Table } from "./rows";
import { Tally } from "./tally";

/** Rows of text that are written at once. */
const bufferedCharacters = 1 << 20;

/**
 * Writes the two files of a batch, in the order of its rows: predictions, in the format of the upload and beside what was
 * uploaded, and rejected rows with their reasons.
 */
export class Results {
  readonly tally = new Tally();
  rejected = 0;
  private readonly predictions: Lines;
  private readonly refused: Lines;
  private readonly names: Record<"prediction" | "lower" | "upper" | "probabilities" | "release", string>;
  private hasHeader = false;

  constructor(
    private readonly batch: Pick<Batch, "id" | "format">,
    private readonly columns: Table["columns"],
    private readonly schema: RecordSchema,
    objects: Objects,
  ) {
    this.predictions = new Lines(() => objects.writer(keys.results(batch)));
    this.refused = new Lines(() => objects.writer(keys.rejected(batch)));
    const free = (name: string) => this.free(name);
    this.names = {
      ...{ prediction: free("prediction"), lower: free("lower"), upper: free("upper") },
      ...{ probabilities: free("probabilities"), release: free("release") },
    };
  }

  /** @param released of each row that has no errors of its own, in their order. */
  async add(rows: Row[], released: Released[]): Promise<void> {
    const predicted: { row: Row; added: Record<string, unknown> }[] = [];
    let next = 0;
    for (const row of rows) {
      const found = row.errors.length === 0 ? released[next++] : undefined;
      const errors = found ? errorsOf(found.answer) : row.errors;
      if (found === undefined || errors.length > 0) await this.reject(row, errors);
      else {
        this.tally.add(found.answer);
        predicted.push({ row, added: this.cellsOf(found) });
      }
    }
    if (predicted.length > 0) await this.predictions.write(this.textOf(predicted));
  }

  /** Ends both files. One of rejected rows is there only when there are any. */
  async close(): Promise<void> {
    await this.predictions.write("");
    await this.predictions.close();
    await this.refused.close();
  }

  /** Leaves no half a file. */
  async abort(): Promise<void> {
    await Promise.all([this.predictions.abort(), this.refused.abort()]);
  }

  private async reject({ row, given }: Row, errors: FieldError[]): Promise<void> {
    this.rejected += 1;
    const reasons = errors.map(({ field, value, rule }) => ({ field, value, rule }));
    await this.refused.write(`${JSON.stringify({ row, errors: reasons, input: this.named(given) })}\n`);
  }

  private named(given: Row["given"]): Record<string, string> | Row["given"] {
    if (typeof given === "string" || given.length !== this.columns.length) return given;
    return Object.fromEntries(this.columns.map((name, index) => [name, given[index] ?? ""]));
  }

  private textOf(predicted: { row: Row; added: Record<string, unknown> }[]): string {
    if (this.batch.format === "jsonl") {
      return predicted.map(({ row, added }) => jsonLine(row.given as string, added)).join("");
    }
    const header = [...this.columns, ...Object.keys(predicted[0]?.added ?? {})];
    const lines = predicted.map(({ row, added }) => [...row.given, ...Object.values(added)]);
    const text = stringify(this.hasHeader ? lines : [header, ...lines]);
    this.hasHeader = true;
    return text;
  }

  /** What is added to a row: prediction, lower and upper, or class and probabilities; and who has predicted. */
  private cellsOf({ answer, release }: Released): Record<string, unknown> {
    const { prediction, lower, upper, probabilities, release: by } = this.names;
    if ("lower" in answer) {
      return { [prediction]: answer.value, [lower]: answer.lower, [upper]: answer.upper, [by]: release };
    }
    if (!("probabilities" in answer)) throw new Error("a refused record has no cells");
    const shares = Object.entries(answer.probabilities);
    const cells =
      this.batch.format === "jsonl"
        ? { [probabilities]: answer.probabilities }
        : Object.fromEntries(shares.map(([name, share]) => [this.free(`probability_${name}`), share]));
    return { [prediction]: answer.value, ...cells, [by]: release };
  }

  /** A name that no column of an upload has. */
  private free(name: string): string {
    return Object.hasOwn(this.schema.properties, name) ? this.free(`predicted_${name}`) : name;
  }
}

/** The line with `added` at its end: what was given stays as it is, long numbers too. */
function jsonLine(given: string, added: Record<string, unknown>): string {
  const begin = given.slice(0, given.lastIndexOf("}")).trimEnd();
  const comma = begin.endsWith("{") ? "" : ",";
  return `${begin}${comma}${JSON.stringify(added).slice(1)}\n`;
}

/** Text on its way into an object, which is begun with the first of it. */
class Lines {
  private buffer: string[] = [];
  private characters = 0;
  private writer: ObjectWriter | undefined;
  private wanted = false;

  constructor(private readonly begin: () => ObjectWriter) {}

  async write(text: string): Promise<void> {
    this.wanted = true;
    this.buffer.push(text);
    this.characters += text.length;
    if (this.characters >= bufferedCharacters) await this.flush();
  }

  async close(): Promise<void> {
    if (!this.wanted) return;
    await this.flush();
    await this.writer?.close();
  }

  async abort(): Promise<void> {
    await this.writer?.abort();
  }

  private async flush(): Promise<void> {
    this.writer ??= this.begin();
    await this.writer.write(this.buffer.join(""));
    this.buffer = [];
    this.characters = 0;
  }
}
