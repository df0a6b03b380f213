import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folder, pictures } from "./pictures";

describe("the architecture pictures in docs/", function () {
  this.timeout(180_000);

  it("are of the program as it is", async () => {
    const drawn = await pictures();
    const kept = readdirSync(folder).filter((file) => file.startsWith("architecture-"));
    expect(kept.sort()).to.deep.equal(Object.keys(drawn).sort());
    const old = kept.filter((file) => readFileSync(join(folder, file), "utf8") !== drawn[file]);
    expect(
      old,
      "these are of an earlier program: run 'make pictures', look at them and commit them",
    ).to.deep.equal([]);
  });
});
