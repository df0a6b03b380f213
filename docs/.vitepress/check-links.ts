import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** @throws Error that names each link of the built site to a page, or a place in one, that it has not. */
export function checkLinks(folder: string, base: string): void {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".html"),
  );
  const pages = new Map(
    names.map((name) => [name.replaceAll("\\", "/"), readFileSync(join(folder, name), "utf8")]),
  );
  const dead = [...pages].flatMap(([name, page]) =>
    linksOf(page)
      .filter((link) => !leads(pages, base, name, link))
      .map((link) => `${name}: ${link}`),
  );
  if (dead.length > 0) throw new Error(`These links lead nowhere:\n${dead.join("\n")}`);
}

const linksOf = (page: string) => [
  ...new Set(
    [...page.matchAll(/<a [^>]*href="([^"]*)"/g)]
      .map(([, href]) => href!)
      .filter((href) => !/^\w+:/.test(href)),
  ),
];

function leads(pages: Map<string, string>, base: string, from: string, link: string): boolean {
  const [path = "", hash] = decodeURI(link).split("#");
  const absolute =
    path === ""
      ? from
      : path.startsWith("/")
        ? posix.relative(base, path)
        : posix.join(posix.dirname(from), path);
  const found = pages.get(path.endsWith("/") ? posix.join(absolute, "index.html") : absolute);
  return found !== undefined && (!hash || found.includes(` id="${hash}"`));
}
