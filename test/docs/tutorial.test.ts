import { expect } from "chai";
import { basename } from "node:path";
import { blocks, chapters, headings, links, readPage } from "./pages";

const sections = [
  "Do it",
  "What has happened",
  "Why",
  "In the words of the field",
  "What it costs on AWS",
  "Try and break",
  "Undo",
];

describe("the tutorial", () => {
  const [first, ...others] = chapters();
  const all = [first!, ...others];

  it("has eight chapters, each of which leads to the next, and a list of them", () => {
    expect(all).to.have.length(8);
    const names = all.map(({ name }) => basename(name));
    const next = all.map((chapter) => links(chapter).at(-1)).slice(0, -1);
    expect(next).to.deep.equal(names.slice(1));
    expect(links(readPage("tutorial/README.md")).filter((link) => /^\d/.test(link))).to.deep.equal(names);
  });

  it("quotes nothing but what 'slipway cost' prints in the first chapter", () => {
    const printed = blocks(first!, "console").join("\n").split("\n");
    const quoted = others.flatMap((chapter) => blocks(chapter, "text").flatMap((block) => block.split("\n")));
    expect(quoted).not.to.be.empty;
    for (const line of quoted) expect(printed).to.include(line);
  });

  // Of the ten minutes that a chapter may take, four are for its commands.
  it("is read in six minutes a chapter, by somebody who reads 200 words in one", () => {
    for (const { name, tokens } of all) {
      const prose = tokens.filter(({ type }) => type !== "code").map(({ raw }) => raw);
      expect(prose.join(" ").split(/\s+/).length, name).to.be.at.most(6 * 200);
    }
  });

  for (const chapter of all) {
    it(`says in ${chapter.name} what to do, what happens, why, its name, its cost, what to break, and how to undo it`, () => {
      expect(headings(chapter, 2).slice(0, sections.length)).to.deep.equal(sections);
    });
  }
});
