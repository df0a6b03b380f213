/** What is no code in SQL: strings, quoted names, dollar quotes and comments. */
const notCode =
  /'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\//g;

/**
 * The query, when it is a single SELECT that can stand in brackets, without a semicolon at its end.
 * That it writes nothing is the read-only session's to see to.
 * @throws Error that says what is wrong with it.
 */
export function singleSelect(query: string): string {
  const text = query.trim().replace(/(\s*;)+$/, "");
  const code = text.replace(notCode, (found) => (/^(--|\/\*)/.test(found) ? " " : "''"));
  if (!/^\s*(select|with)\b/i.test(code)) throw new Error("it must begin with SELECT or WITH");
  if (code.includes(";")) throw new Error("it must be one statement, and there is a ; in it");
  if (/['"`]|\/\*|\$\w*\$/.test(code.replaceAll("''", "")))
    throw new Error("a quote or comment in it is not closed");
  let depth = 0;
  for (const bracket of code.match(/[()]/g) ?? []) {
    depth += bracket === "(" ? 1 : -1;
    if (depth < 0) break;
  }
  if (depth !== 0) throw new Error("its brackets do not match");
  return text;
}
