import { expect } from "chai";
import { readFileSync } from "node:fs";
import { file, generate } from "../../clients/typescript/generate";

describe("the TypeScript client", () => {
  it("is generated from the API as it is", async () => {
    const kept = readFileSync(file, "utf8");
    const [, problem] = /^\/\/ Generated from (\S+)\/schema\.json by /.exec(kept) ?? [];
    expect(kept, "run 'make clients' and commit the file").to.equal(await generate(problem));
  });

  it("can be of another problem", async () => {
    const types = await generate("examples/flights");
    expect(types)
      .to.match(
        /^\/\/ Generated from examples\/flights\/schema\.json by 'make clients PROBLEM=examples\/flights'/,
      )
      .and.include("carrier")
      .and.not.include("pickup");
  });
});
