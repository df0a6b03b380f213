import { expect } from "chai";
import { code, plain } from "../../automation/markdown";

describe("Markdown of texts that may hold anything", () => {
  it("shows a name as it is, though it looks like Markdown, a mention or a cell's end", () => {
    expect(code("feature/`rm -rf`|@everyone")).to.equal("``feature/`rm -rf`\\|@everyone``");
    expect(code("`quoted`")).to.equal("`` `quoted` ``");
    expect(code("two\nlines\t<b>")).to.equal("`two lines <b>`");
  });

  it("lets text be no more than text", () => {
    expect(plain("a | b\n<img src=x> [link](to) *bold*")).to.equal(
      "a \\| b \\<img src=x\\> \\[link\\](to) \\*bold\\*",
    );
  });
});
