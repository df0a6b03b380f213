import { expect } from "chai";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { checkLinks } from "../../docs/.vitepress/check-links";

describe("checking the links of the built site", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-site-"));
  after(() => rmSync(folder, { recursive: true }));

  /** The fault of a site with two pages, one of which has a link. */
  const faultOf = (link: string, base = "/") => {
    const pages = {
      "index.html": '<h1 id="top">Begin</h1>',
      "tutorial/1-demo.html": `<h2 id="undo">Undo</h2><a class="x" href="${link}">see</a>`,
    };
    for (const [name, text] of Object.entries(pages)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    try {
      checkLinks(folder, base);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };

  for (const link of [
    "/",
    "../index.html#top",
    "#undo",
    "/tutorial/1-demo.html#undo",
    "https://example.com/",
    "mailto:a@b.c",
  ]) {
    it(`lets ${link} pass`, () => expect(faultOf(link)).to.equal(undefined));
  }

  for (const link of ["/gone.html", "../gone.html", "/#gone", "#gone", "/tutorial/", "1-demo.html#gone"]) {
    it(`names ${link}, which leads nowhere`, () => {
      expect(faultOf(link)).to.equal(`These links lead nowhere:\ntutorial/1-demo.html: ${link}`);
    });
  }

  it("knows a site that is not at the root of its host", () => {
    expect(faultOf("/slipway/tutorial/1-demo.html", "/slipway/")).to.equal(undefined);
    expect(faultOf("/tutorial/1-demo.html", "/slipway/")).to.include("lead nowhere");
  });
});
