import { createHash } from "node:crypto";

export type Format = "csv" | "jsonl" | "parquet";

/** Where a source has come to: a watermark, a range of time. */
export interface Position {
  from?: string;
  to?: string;
}

/** What an input is, without its bytes. */
export interface Identity {
  /** The name that the user gave the source. */
  source: string;
  /** Says what the input is, and is the same for the same input, so that a retry lands nothing twice. See `nameOf`. */
  name: string;
  /** YYYY-MM-DD: day of the event, export, query or window; the same for the same input. */
  date: string;
  format: Format;
  /** Whether the bytes are compressed, and stay so. Not for Parquet. */
  gzip: boolean;
  /** For people: `s3://bucket/key`, the URL, the table. Never a secret. */
  origin: string;
  position?: Position;
}

/** What can only be set aside may be of no known format. */
export type AnyIdentity = Omit<Identity, "format"> & { format: Format | "unknown" };

const suffixes = { csv: ".csv", jsonl: ".jsonl", parquet: ".parquet", unknown: "" };

/** `<source>/<date>/<name>.csv.gz`: below `raw/` when it lands, below `rejected/` when it does not. */
export const pathOf = ({ source, date, name, format, gzip }: AnyIdentity) =>
  `${source}/${date}/${name}${suffixes[format]}${gzip ? ".gz" : ""}`;

/**
 * A name of an object that says what it is to people (`words`) and is one for one for `identity`: letters, digits,
 * dots and dashes, whatever the input is called.
 */
export function nameOf(words: string, ...identity: string[]): string {
  const readable = words
    .normalize("NFKD")
    .replace(/[^\w.]+/g, "-")
    .replace(/^[-._]+|[-._]+$/g, "")
    .slice(-60);
  const hash = createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16);
  return readable === "" ? hash : `${readable}-${hash}`;
}

/** @throws Error for what no source may come with: it would be written to another place. */
export function checkIdentity({ source, name, date, format, gzip }: Identity): void {
  const ok =
    /^[a-z][a-z0-9-]{0,31}$/.test(source) &&
    /^\w[\w.-]{0,200}$/.test(name) &&
    /^\d{4}-\d{2}-\d{2}$/.test(date) &&
    !(format === "parquet" && gzip);
  if (!ok)
    throw new Error(`a landing cannot be called ${JSON.stringify({ source, name, date, format, gzip })}`);
}
