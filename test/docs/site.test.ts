import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSite, root } from "./build-site";

describe("the site of the documentation", function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "slipway-site-"));
  const pages = new Map<string, string>();

  before(async () => {
    await buildSite(folder); // fails with dead links, and links to places that a page has not
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (name.endsWith(".html")) pages.set(name, readFileSync(join(folder, name), "utf8"));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  it("has each page of the repository, and leads to it from its contents", () => {
    const git = ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"];
    const files = execFileSync("git", git, { cwd: root, encoding: "utf8" }).trim().split("\n");
    const wanted = files.map((file) =>
      file.replace(/^docs\//, "").replace(/(README)?\.md$/, (_, readme) => (readme ? "index.html" : ".html")),
    );
    expect([...pages.keys()].filter((name) => name !== "404.html").sort()).to.deep.equal(wanted.sort());
    const contents = pages.get("glossary.html")!;
    for (const name of wanted) expect(contents).to.include(`href="/${name.replace(/index\.html$/, "")}"`);
  });

  it("can be searched without a service", () => {
    const names = readdirSync(join(folder, "assets", "chunks"));
    const index = names.find((name) => name.startsWith("@localSearchIndex"))!;
    expect(readFileSync(join(folder, "assets", "chunks", index), "utf8")).to.include("dead-letter");
  });
});
