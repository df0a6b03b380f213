/** What stays as it is: texts, quoted names, dollar-quoted texts, comments. */
const quoted = /('(?:[^']|'')*'|"(?:[^"]|"")*"|\$\$[\s\S]*?\$\$|--[^\n]*|\/\*[\s\S]*?\*\/)/;

/** Applies `change` to what of `sql` is neither quoted nor a comment. */
export function mapCode(sql: string, change: (code: string) => string): string {
  return sql
    .split(quoted)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join("");
}

/** Where a table's rows lie in a cluster means nothing here. */
const placement = [
  /\bDISTSTYLE\s+(AUTO|EVEN|ALL|KEY)\b/gi,
  /\bDISTKEY\s*\([^)]*\)/gi,
  /\b((COMPOUND|INTERLEAVED)\s+)?SORTKEY\s*(AUTO\b|\([^)]*\))/gi,
  /\b(DISTKEY|SORTKEY)\b/gi,
  /\bENCODE\s+\w+/gi,
];

/** A statement of Redshift in DuckDB's words, as far as the two differ where Slipway's users meet it. */
export function toDuckDb(sql: string): string {
  const isCreate = /^\s*create\b/i.test(sql);
  return mapCode(sql, (code) => {
    const plain = isCreate ? placement.reduce((text, pattern) => text.replace(pattern, ""), code) : code;
    return plain
      .replace(/\bnvl\s*\(/gi, "coalesce(")
      .replace(/\bgetdate\s*\(\s*\)|\bsysdate\b/gi, "now()::timestamp")
      .replace(/\b(var)?char(acter varying)?\s*\(\s*max\s*\)/gi, "varchar");
  });
}

/** The statement with each `:name` as a text that takes the type it is compared with. */
export function withParameters(sql: string, parameters: { name?: string; value?: string }[]): string {
  const values = new Map(parameters.map(({ name = "", value = "" }) => [name, value]));
  return mapCode(sql, (code) =>
    code.replace(/(?<!:):([a-z_]\w*)/gi, (found, name: string) => {
      const value = values.get(name);
      return value === undefined ? found : `'${value.replaceAll("'", "''")}'`;
    }),
  );
}

const translations: [RegExp, (match: RegExpExecArray) => string][] = [
  [/Table with name "?([^"!\s]+)"? does not exist/, ([, name]) => `relation "${name}" does not exist`],
  [/Referenced column "([^"]+)" not found/, ([, name]) => `column "${name}" does not exist`],
  [/syntax error at or near "([^"]+)"/, ([, word]) => `syntax error at or near "${word}"`],
  [/syntax error at end of input/, () => "syntax error at end of input"],
  [
    /Could not convert string '(.*)' to (\w+)/,
    ([, text, type]) => `invalid input syntax for type ${type?.toLowerCase()}: "${text}"`,
  ],
];

/** What Redshift would say of an error of DuckDB. */
export function errorText({ message }: Error): string {
  for (const [pattern, say] of translations) {
    const match = pattern.exec(message);
    if (match) return `ERROR: ${say(match)}`;
  }
  const [first = message] = message.split("\n");
  return first.startsWith("ERROR:") ? first : `ERROR: ${first.replace(/^\w[\w ]* Error: /, "")}`;
}
