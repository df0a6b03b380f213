import { expect } from "chai";
import { csvParts } from "../../../automation/data/csv-parts";
import { Files } from "./tables";

describe("csvParts", () => {
  let files: Files;
  beforeEach(() => (files = new Files()));
  afterEach(() => files.remove());

  async function parts(content: string, bytes: number): Promise<string[]> {
    const found: string[] = [];
    for await (const part of csvParts(files.write("rows.csv", content).path, bytes))
      found.push(part.toString());
    return found;
  }

  it("cuts between rows only, never within quotes, and gives each part the header", async () => {
    const rows = Array.from({ length: 300 }, (_, i) => (i % 3 ? `${i},"a\n""b""\n${i}"\n` : `${i},plain\n`));
    for (const bytes of [1, 10, 50, 1000, 100_000]) {
      const found = await parts(`n,text\n${rows.join("")}`, bytes);
      expect(found.every((part) => part.startsWith("n,text\n"))).to.equal(true);
      expect(found.map((part) => part.slice("n,text\n".length)).join("")).to.equal(rows.join(""));
      expect(found.every((part) => part.endsWith("\n") && (part.split('"').length - 1) % 2 === 0)).to.equal(
        true,
      );
      expect(found.length).to.be.within(1, bytes === 100_000 ? 1 : 300);
    }
  });

  it("has no part for a header without rows", async () => {
    expect(await parts("n,text\n", 10)).to.deep.equal([]);
  });
});
