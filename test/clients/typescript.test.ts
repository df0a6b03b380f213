import { expect } from "chai";
import { readFileSync } from "node:fs";
import { file, generate } from "../../clients/typescript/generate";

describe("the TypeScript client", () => {
  it("is generated from the API as it is", async () => {
    expect(readFileSync(file, "utf8"), "run 'make clients' and commit the file").to.equal(await generate());
  });
});
