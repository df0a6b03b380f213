import { expect } from "chai";
import { operationGroups } from "../../../local/sagemaker/operations";
import { documented } from "./documented";

describe("the calls of the local SageMaker", () => {
  it("are all in the documentation, and no others (WRITE_DOCS=1 writes them there)", () => {
    const rows = Object.entries(operationGroups).map(
      ([about, operations]) =>
        `| ${about} | ${Object.keys(operations)
          .map((name) => `\`${name}\``)
          .join(", ")} |`,
    );
    expect(documented("calls", rows)).to.deep.equal(rows);
  });
});
