import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const docs = join(__dirname, "..", "..", "..", "docs", "local-sagemaker.md");

/**
 * The rows of a table of docs/local-sagemaker.md, without the heading and the spaces that align them. With WRITE_DOCS=1
 * `rows` are written there first.
 * @param name of the comment above it.
 */
export function documented(name: string, rows: string[]): string[] {
  const table = new RegExp(`(<!-- ${name} -->\n\n.*\n.*\n)([^]*?)(?=\n\n<!-- end -->)`);
  if (process.env.WRITE_DOCS) {
    const text = readFileSync(docs, "utf8").replace(table, (_, above: string) => above + rows.join("\n"));
    writeFileSync(docs, text);
  }
  const [, , found = ""] = table.exec(readFileSync(docs, "utf8"))!;
  return found.replace(/ +/g, " ").split("\n");
}
