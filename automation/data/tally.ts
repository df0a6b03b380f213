import { type RawFile } from "./raw-table";
import { type UnreadRow } from "./rejected";

/** Rows that came in, by what became of them: `read = kept + duplicates + rejected`. */
export interface RowCounts {
  read: number;
  /** They break a rule of `schema.json`, or are no rows. */
  rejected: number;
  /** They have the key of another row (all fields, where the schema names no key). */
  duplicates: number;
  kept: number;
}

/** How many rows were rejected because `field` breaks `rule`, their first reason. */
export interface RejectionCount {
  /** `record` for the row as a whole. */
  field: string;
  rule: string;
  rows: number;
}

/** What became of the rows of one object. */
export interface ObjectCounts {
  read: number;
  rejected: number;
}

type Rule = Pick<RejectionCount, "field" | "rule">;

/** Counts rows by their file and the first rule that they break: both are in the row's tag, a number. */
export class Tally {
  /** Rows by tag. */
  private readonly rows: Float64Array;
  private kept = 0;

  constructor(
    private readonly files: RawFile[],
    private readonly rules: Rule[],
    private readonly unread: UnreadRow[] = [],
  ) {
    this.rows = new Float64Array(files.length * this.outcomes);
  }

  /** What may become of a row: it is good, or breaks one of the rules first. */
  private get outcomes() {
    return this.rules.length + 1;
  }

  /** SQL of the tag of a row, by its columns `file` and `broken` (0, or the place of a rule counted from 1). */
  get tag() {
    return `file * ${this.outcomes} + broken`;
  }

  /** Tags are below this. */
  get tags() {
    return this.rows.length;
  }

  count(tag: number, isKept: boolean, rows = 1): void {
    this.rows[tag]! += rows;
    if (isKept) this.kept += rows;
  }

  /** Lines that the engine could not read as rows. */
  addUnread(rows: UnreadRow[]): void {
    this.unread.push(...rows);
  }

  get counts(): RowCounts {
    const objects = Object.values(this.objects);
    const sum = (of: (counts: ObjectCounts) => number) =>
      objects.reduce((all, counts) => all + of(counts), 0);
    const [read, rejected] = [sum((each) => each.read), sum((each) => each.rejected)];
    return { read, rejected, duplicates: read - rejected - this.kept, kept: this.kept };
  }

  /** By object key. */
  get objects(): Record<string, ObjectCounts> {
    const unread = this.files.map(({ path }) => this.unread.filter(({ file }) => file === path).length);
    return Object.fromEntries(
      this.files.map(({ key }, i) => {
        const [good = 0, ...broken] = this.rows.subarray(i * this.outcomes, (i + 1) * this.outcomes);
        const rejected = broken.reduce((all, rows) => all + rows, unread[i]!);
        return [key, { read: good + rejected, rejected }];
      }),
    );
  }

  /** Most frequent first. */
  get reasons(): RejectionCount[] {
    const found = new Map<string, RejectionCount>();
    const add = ({ field, rule }: Rule, rows: number) => {
      const name = `${field} ${rule}`;
      found.set(name, { field, rule, rows: rows + (found.get(name)?.rows ?? 0) });
    };
    this.rows.forEach((rows, tag) => {
      const broken = tag % this.outcomes;
      if (rows > 0 && broken > 0) add(this.rules[broken - 1]!, rows);
    });
    for (const { rule } of this.unread) add({ field: "record", rule }, 1);
    return [...found.values()].sort((a, b) => b.rows - a.rows || (a.field < b.field ? -1 : 1));
  }

  /** Paths of the files that have rejected rows. */
  get faulty(): string[] {
    const objects = this.objects;
    return this.files.filter(({ key }) => objects[key]!.rejected > 0).map(({ path }) => path);
  }
}
