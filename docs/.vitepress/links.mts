import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type MarkdownRenderer } from "vitepress";
import { pageOf, root } from "./pages.mts";

/** The repository's address, such as https://github.com/acme/slipway. Without it, a link to what is no page is its words alone. */
const repository = process.env.DOCS_REPOSITORY;

/** Markdown links from file to file, as GitHub follows them; here they lead to the pages that the files are. */
export function linkPages(md: MarkdownRenderer): void {
  md.core.ruler.push("link-pages", ({ tokens, env }) => {
    const { realPath, path } = env as { realPath?: string; path: string };
    for (const { children } of tokens) {
      for (const [index, token] of (children ?? []).entries()) {
        const href = token.type === "link_open" && token.attrGet("href");
        if (!href || /^(#|\w+:)/.test(href)) continue;
        const target = targetOf(realPath ?? path, href);
        if (target) token.attrSet("href", target);
        else {
          const end = children!.slice(index).find(({ type }) => type === "link_close")!;
          token.tag = end.tag = "span";
          token.attrs = [["title", "in the repository"]];
        }
      }
    }
  });
}

/** @throws Error when the repository has no such file. */
function targetOf(page: string, href: string): string | undefined {
  const [path = "", hash] = href.split("#");
  const file = join(dirname(page), decodeURI(path));
  if (!existsSync(file)) throw new Error(`${relative(root, page)} links to ${href}, which is not there`);
  const name = relative(root, file);
  if (name.endsWith(".md")) return `/${pageOf(name)}${hash ? `#${hash}` : ""}`;
  return repository && `${repository}/blob/HEAD/${name}`;
}
