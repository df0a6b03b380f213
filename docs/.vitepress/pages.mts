import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type DefaultTheme } from "vitepress";

/** The repository's folder. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Pages in the order in which they are read, as files of the repository. Those that are named nowhere come last. */
function sections(): Record<string, string[]> {
  const inOrder = {
    Begin: ["README.md"],
    Tutorial: ["docs/tutorial/README.md", ...pagesOf("docs/tutorial").filter((file) => /\/\d/.test(file))],
    Guides: [
      ...["deploy", "workflows", "data-sources", "releases", "gate", "deployment"],
      ...["model-monitoring", "subscribers", "data-scientists", "policies", "check-image"],
      ...["laptop", "local-sagemaker"],
    ].map((name) => `docs/${name}.md`),
    Reference: [
      ...["docs/glossary.md", "docs/api.md", "model-image/README.md", "data/README.md"],
      ...["terraform-bootstrap/README.md", "bench/README.md", "docs/dependencies.md"],
      ...["docs/decisions/README.md"],
    ],
  };
  const named = Object.values(inOrder).flat();
  const folders = [...foldersIn(""), ...foldersIn("").flatMap(foldersIn)];
  const readmes = folders
    .map((folder) => `${folder}/README.md`)
    .filter((file) => existsSync(join(root, file)));
  const rest = (files: string[]) => files.filter((file) => !named.includes(file));
  return {
    ...inOrder,
    Guides: [...inOrder.Guides, ...rest(pagesOf("docs"))],
    Reference: [...inOrder.Reference, ...rest(readmes)],
  };
}

const pagesOf = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => `${folder}/${name}`);

const foldersIn = (parent: string): string[] =>
  readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
    .map(({ name }) => (parent ? `${parent}/${name}` : name))
    .sort();

/** Where a file of the repository is in the site: as in the repository, but `docs/` is its root, and a README its folder's page. */
export const pageOf = (file: string): string =>
  file.replace(/^docs\//, "").replace(/(^|\/)README\.md$/, "$1index.md");

/** The site's contents: each page by its own heading. */
export function contents(): DefaultTheme.SidebarItem[] {
  return Object.entries(sections()).map(([text, files]) => ({
    text,
    items: files.map((file) => ({
      text: headingOf(file),
      link: `/${pageOf(file).replace(/(index)?\.md$/, "")}`,
    })),
  }));
}

function headingOf(file: string): string {
  if (file === "README.md") return "The first ten minutes";
  const heading = /^# (.*)$/m.exec(readFileSync(join(root, file), "utf8"))?.[1];
  if (!heading) throw new Error(`${file} has no heading`);
  return heading.replaceAll("`", "");
}
