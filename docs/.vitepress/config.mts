import { join } from "node:path";
import { defineConfig } from "vitepress";
import { checkLinks } from "./check-links.ts";
import { commandsAlone, fenceIndented } from "./code.mts";
import { linkPages } from "./links.mts";
import { contents, pageOf, root } from "./pages.mts";
import { slug } from "./slug.ts";

/** The documentation as a site with search: `make docs`. All Markdown of the repository is a page of it, where it is. */
export default defineConfig({
  title: "Slipway",
  description:
    "A machine-learning model from raw data to a public prediction URL on AWS, and the same on a laptop",
  lang: "en",
  base: process.env.DOCS_BASE ?? "/",
  srcDir: root,
  outDir: join(root, ".slipway", "docs"),
  cacheDir: join(root, ".slipway", "docs-cache"),
  rewrites: pageOf,
  markdown: {
    anchor: { slugify: slug },
    theme: { light: "github-light-high-contrast", dark: "github-dark" },
    codeTransformers: [commandsAlone],
    config: (md) => {
      linkPages(md);
      fenceIndented(md);
    },
  },
  themeConfig: {
    search: { provider: "local" },
    sidebar: contents(),
    outline: [2, 3],
    externalLinkIcon: true,
  },
  buildEnd: ({ outDir, site }) => checkLinks(outDir, site.base),
});
