import { expect } from "chai";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { operationGroups } from "../../../local/sagemaker/operations";

const docs = join(__dirname, "..", "..", "..", "docs", "local-sagemaker.md");

describe("the calls of the local SageMaker", () => {
  it("are all in the documentation, and no others (WRITE_DOCS=1 writes them there)", () => {
    const rows = Object.entries(operationGroups).map(
      ([about, operations]) =>
        `| ${about} | ${Object.keys(operations)
          .map((name) => `\`${name}\``)
          .join(", ")} |`,
    );
    const text = readFileSync(docs, "utf8");
    const [table] = text.match(/(?<=<!-- calls -->\n\n)[^]*?(?=\n\n<!-- end -->)/)!;
    const heading = ["| about | calls |", "| --- | --- |"];
    if (process.env.WRITE_DOCS)
      return writeFileSync(docs, text.replace(table, [...heading, ...rows].join("\n")));
    expect(table.replace(/ +/g, " ").split("\n").slice(2)).to.deep.equal(rows);
  });
});
