// Starts a provider plugin. The engine runs this file with a working directory that is not the project's, and
// waits for it before anything else, so the TypeScript is bundled once and the bundle kept until a source changes.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const require = createRequire(import.meta.url);
const root = resolve(import.meta.dirname, "../../..");
const cache = join(root, "node_modules", ".cache", "slipway-providers");
const oldMs = 24 * 3600 * 1000;

/** A text that changes when a source of the plugins does, the same in each copy of them. */
function fingerprint() {
  const files = readdirSync(join(root, "local", "providers"), { recursive: true })
    .filter((name) => /\.(ts|mjs)$/.test(name))
    .map((name) => join("local", "providers", name));
  const hash = createHash("sha256");
  for (const file of [...files, "local/images.ts", "local/state.ts", "package-lock.json"].sort()) {
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Has the AWS SDK's clients loaded when a call asks for one: to find that nothing has changed takes none of them. */
const loadLazily = `require = ((load) => (name) => name.startsWith("@aws-sdk/")
  ? new Proxy({}, { get: (_, part) => load(name)[part] }) : load(name))(require);`;

/** The bundle of `local/providers/<name>/main.ts`. Packages stay outside it. */
function bundle(name) {
  const file = join(cache, `${name}-${fingerprint()}.js`);
  if (existsSync(file)) {
    utimesSync(file, new Date(), new Date());
    return file;
  }
  mkdirSync(cache, { recursive: true });
  removeOld();
  const draft = `${file}.${process.pid}`;
  require("esbuild").buildSync({
    entryPoints: [join(root, "local", "providers", name, "main.ts")],
    outfile: draft,
    bundle: true,
    packages: "external",
    platform: "node",
    target: "node20",
    format: "cjs",
    banner: { js: loadLazily },
    sourcemap: "inline",
    logLevel: "error",
  });
  renameSync(draft, file); // in one step: two stacks may start at once
  return file;
}

/** What nobody has started for a day: another copy of the project may share the packages, and start one now. */
function removeOld() {
  for (const name of readdirSync(cache)) {
    const { mtimeMs } = statSync(join(cache, name), { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > oldMs) rmSync(join(cache, name), { force: true });
  }
}

/** Ends the plugin when the engine has gone without a word (killed): it would wait for calls for ever. */
function endWithEngine() {
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) process.exit(1);
  }, 2000).unref();
}

export function launch(name) {
  endWithEngine();
  process.env.SLIPWAY_LOCAL_HOME ||= join(root, ".slipway", "local"); // the bundle does not know where it came from
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ||= "true"; // the engine would show it in every update
  require(bundle(name));
}
