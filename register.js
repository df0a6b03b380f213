// Lets Node.js load the project's TypeScript as it is: require("./register"), or node --require ./register.js file.ts.
// esbuild takes the types out, once for each state of a file. tsx does it too, but looks at each file of each package as
// well, which took a second of every command.
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require("node:fs");
const Module = require("node:module");
const { join, relative } = require("node:path");

/** May be deleted at any time. */
const caches = join(__dirname, "node_modules", ".cache");
const cache = join(caches, "slipway-typescript");
Module.enableCompileCache?.(join(caches, "slipway-compiled")); // Node.js 22 and newer
const self = readFileSync(__filename, "utf8");
const options = {
  loader: "ts",
  format: "cjs",
  platform: "node",
  target: "node20",
  sourcemap: "inline",
};

Module._extensions[".ts"] = (module, file) => {
  const name = relative(__dirname, file);
  const source = readFileSync(file, "utf8");
  const key = createHash("sha256").update(`${self}\n${name}\n${source}`).digest("hex");
  const kept = join(cache, `${key}.js`);
  let code = read(kept);
  if (code === undefined) {
    code = transform(source, name);
    keep(kept, code);
  }
  module._compile(code, file);
};

function transform(source, sourcefile) {
  const { code } = require("esbuild").transformSync(source, { ...options, sourcefile });
  // Node.js' own import() knows no TypeScript.
  return code.replace(/\bimport\((?="\.\.?\/)/g, `(${importFile.toString()})(require, `);
}

/** What import() gives of a file of the project. */
async function importFile(load, file) {
  const loaded = load(file);
  return loaded.__esModule ? loaded : { ...loaded, default: loaded };
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** In one step, as another command may keep the same; on a full disk it is made again each time. */
function keep(file, code) {
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(draft, code);
    renameSync(draft, file);
  } catch {
    rmSync(draft, { force: true });
  }
}
