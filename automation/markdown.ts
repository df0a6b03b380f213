/** Text that is nothing but text wherever it stands in Markdown: in a cell, a heading, a sentence. */
export const plain = (text: string): string => text.replace(/\s+/g, " ").replace(/([\\|<>`*_[\]])/g, "\\$1");

/** Text as it was typed, as code: names and errors that may hold anything, and must neither mention nor link. */
export function code(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const space = /^`|`$/.test(line) ? " " : "";
  // A bar ends a cell, in code as well.
  return `${fence}${space}${line.replaceAll("|", "\\|")}${space}${fence}`;
}

/** A table of cells that are Markdown already. */
export const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
