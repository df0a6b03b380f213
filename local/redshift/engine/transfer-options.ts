/** A statement that moves rows between the warehouse and S3, taken apart. */
export interface Unload {
  query: string;
  to: string;
  options: Options;
}

export interface Copy {
  table: string;
  from: string;
  options: Options;
}

export interface Options {
  /** ARN, or `default`. */
  role: string;
  format: "parquet" | "csv";
  manifest: boolean;
  header: boolean;
  gzip: boolean;
  /** Bytes. */
  maxFileSize: number;
  overwrite: boolean;
  kmsKeyId?: string;
}

const defaultMaxFileSize = 6.2 * 2 ** 30;
const leastFileSize = 5 * 2 ** 20;

const text = String.raw`'((?:[^']|'')*)'`;
const unquote = (value = "") => value.replaceAll("''", "'");

/** What may stand behind the first part of the statement, in any order. */
const clauses: [RegExp, (options: Options, match: RegExpExecArray) => void][] = [
  [
    new RegExp(`^iam_role\\s+(?:${text}|default)`, "i"),
    (o, [, role]) => (o.role = unquote(role) || "default"),
  ],
  [
    /^(?:format\s+(?:as\s+)?)?(parquet|csv)\b/i,
    (o, [, format]) => (o.format = format?.toLowerCase() as "csv"),
  ],
  [/^manifest(?:\s+verbose)?\b/i, (o) => (o.manifest = true)],
  [/^(?:header|ignoreheader\s+(?:as\s+)?1)\b/i, (o) => (o.header = true)],
  [/^gzip\b/i, (o) => (o.gzip = true)],
  [/^parallel\s+(?:on|off|true|false)\b/i, () => undefined],
  [/^(?:allowoverwrite|cleanpath)\b/i, (o) => (o.overwrite = true)],
  [
    /^maxfilesize\s+(?:as\s+)?([\d.]+)\s*(mb|gb)?/i,
    (o, [, size, unit]) => (o.maxFileSize = bytesOf(size, unit)),
  ],
  [new RegExp(`^kms_key_id\\s+${text}`, "i"), (o, [, key]) => (o.kmsKeyId = unquote(key))],
  [/^encrypted\b/i, () => undefined],
  [new RegExp(`^region\\s+(?:as\\s+)?${text}`, "i"), () => undefined],
];

function bytesOf(size = "", unit = "mb"): number {
  const bytes = Number(size) * (unit.toLowerCase() === "gb" ? 2 ** 30 : 2 ** 20);
  if (bytes >= leastFileSize && bytes <= defaultMaxFileSize) return bytes;
  throw new Error(`ERROR: MAXFILESIZE must be between 5 MB and 6.2 GB, not ${size} ${unit}`);
}

function optionsOf(rest: string): Options {
  const options: Options = {
    ...{ role: "", format: "csv", manifest: false, header: false, gzip: false, overwrite: false },
    maxFileSize: defaultMaxFileSize,
  };
  let left = rest.trim().replace(/;$/, "").trim();
  while (left) {
    const found = clauses.flatMap(([pattern, take]) => {
      const match = pattern.exec(left);
      return match ? [{ match, take }] : [];
    })[0];
    if (!found) throw new Error(`ERROR: syntax error at or near "${left.split(/\s+/)[0]}"`);
    found.take(options, found.match);
    left = left.slice(found.match[0].length).trim();
  }
  if (!options.role) throw new Error("ERROR: the laptop target needs IAM_ROLE '<arn>' or IAM_ROLE default");
  return options;
}

/** The parts of an UNLOAD; undefined for another statement. @throws Error in Redshift's words. */
export function parseUnload(sql: string): Unload | undefined {
  if (!/^\s*unload\b/i.test(sql)) return undefined;
  const pattern = new RegExp(
    `^\\s*unload\\s*\\(\\s*(?:${text}|\\$\\$([\\s\\S]*?)\\$\\$)\\s*\\)\\s*to\\s*${text}`,
    "i",
  );
  const match = pattern.exec(sql);
  if (!match) throw new Error('ERROR: syntax error at or near "unload"');
  const [whole, single, dollars, to] = match;
  return { query: dollars ?? unquote(single), to: unquote(to), options: optionsOf(sql.slice(whole.length)) };
}

/** The parts of a COPY; undefined for another statement. @throws Error in Redshift's words. */
export function parseCopy(sql: string): Copy | undefined {
  if (!/^\s*copy\b/i.test(sql)) return undefined;
  const match = new RegExp(`^\\s*copy\\s+([\\w."]+(?:\\s*\\([^)]*\\))?)\\s+from\\s+${text}`, "i").exec(sql);
  if (!match) throw new Error('ERROR: syntax error at or near "copy"');
  const [whole, table = "", from] = match;
  return { table, from: unquote(from), options: optionsOf(sql.slice(whole.length)) };
}
