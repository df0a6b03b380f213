import { buildSync } from "esbuild";
import { join } from "node:path";

/** What a browser gets of the console. */
export interface Assets {
  page: string;
  script: string;
  style: string;
}

/** Builds the page from `browser/`: some tens of milliseconds. */
export function buildAssets(stack: string): Assets {
  const { outputFiles } = buildSync({
    entryPoints: { console: join(__dirname, "browser", "main.tsx") },
    bundle: true,
    minify: true,
    write: false,
    outdir: "/",
    format: "esm",
    target: ["es2022"],
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
  });
  const file = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!.text;
  return { page: page(stack), script: file(".js"), style: file(".css") };
}

const page = (stack: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${stack} · Slipway console</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/console.css" />
    <script type="module" src="/console.js"></script>
  </head>
  <body>
    <div id="app"></div>
    <noscript>The console shows what happens as it happens, and needs JavaScript for that.</noscript>
  </body>
</html>
`;
