import { expect } from "chai";
import { slug } from "../../docs/.vitepress/slug";
import { chapters, headings, links, readPage } from "./pages";

const glossary = readPage("glossary.md");
const terms = headings(glossary, 3);

/** The anchors in the glossary to which pages link. */
const linked = (pages: ReturnType<typeof chapters>, prefix: string) =>
  pages
    .flatMap((page) => links(page).filter((link) => link.startsWith(prefix)))
    .map((link) => link.slice(prefix.length));

describe("the glossary", () => {
  const anchors = terms.map(slug);

  it("has each term once", () => {
    expect(anchors).to.deep.equal([...new Set(anchors)]);
  });

  it("has every term that a chapter, or another term, links to", () => {
    const wanted = linked(chapters(), "../glossary.md#");
    expect(wanted).not.to.be.empty;
    expect(anchors).to.include.members([...wanted, ...linked([glossary], "#")]);
  });

  it("is met by the reader: every chapter links to it", () => {
    for (const chapter of chapters())
      expect(linked([chapter], "../glossary.md#"), chapter.name).not.to.be.empty;
  });
});
