// Runs the checks and the test suites, and closes with one line that counts all tests:
//   N passed, N failed, N skipped
// Usage: node test/run.mjs [lint | unit | container | sagemaker | local | e2e]   (none: all of them)
// With CI=true a skipped test counts as a failure: there, everything that a test needs is to be had.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const python = ".venv/bin/python";
const pythonFolders = ["model-image", "local", "bench", "clients", "examples"];
/** So many files of tests at a time: most of a test is waiting for servers, jobs and the engine. */
const atATime = (jobs, files, ...options) => [
  "npx",
  ["mocha", ...files, "--parallel", "--jobs", String(jobs), ...options],
];
const sageMakerTests = "test/local/sagemaker/**/*.test.ts";

/** Each suite: what it is, and the commands that it consists of (program, arguments, folder), run two at a time. */
const suites = {
  lint: {
    title: "formatting, types and style",
    commands: [
      ["npx", ["eslint", "."]],
      ["npx", ["tsc", "--project", "."]],
      ["npx", ["tsc", "--project", "handlers/site/browser"]],
      ["npx", ["tsc", "--project", "automation/console/browser"]],
      ["npx", ["prettier", "--check", "--log-level", "warn", "."]],
      [python, ["-m", "ruff", "format", "--check", "--quiet", ...pythonFolders]],
      [python, ["-m", "ruff", "check", "--quiet", ...pythonFolders]],
      ["../.venv/bin/python", ["-m", "mypy"], "model-image"],
      ["../.venv/bin/python", ["-m", "mypy"], "local"],
      [python, ["-m", "mypy", "--strict", "clients/python", "examples"]],
      ["bash", ["test/actionlint.sh"]],
    ],
  },
  unit: {
    title: "components, handlers, command, clients, documentation",
    commands: [atATime(2, ["test/{components,handlers,automation,clients,policy,docs}/**/*.test.ts"])],
  },
  container: { title: "the container", commands: [["../.venv/bin/python", ["-m", "pytest"], "model-image"]] },
  // The files of the local SageMaker share one laptop cloud, and so one process.
  sagemaker: { title: "the local SageMaker", commands: [["npx", ["mocha", sageMakerTests]]] },
  local: {
    title: "the laptop target",
    commands: [atATime(2, ["test/local/**/*.test.ts"], "--ignore", sageMakerTests)],
  },
  // The longest begins first, else it would be left to run alone at the end.
  e2e: {
    title: "end to end",
    commands: [atATime(2, ["test/e2e/tutorial.test.ts", "test/e2e/**/!(tutorial).test.ts"])],
  },
};

/** One after the other; what stands together runs beside each other, as each keeps one processor busy. */
const stages = [["lint"], ["unit"], ["container", "sagemaker"], ["local"], ["e2e"]];

// The tests run on Node.js 20 as well; the AWS SDK need not warn of its own plans in each of them.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const counts = { passed: 0, failed: 0, skipped: 0 };

/** What the tests write is here, and goes with the run, however it ends. */
process.env.TMPDIR = mkdtempSync(join(tmpdir(), "slipway-tests-"));

/** Runs one command, showing its output as it comes; resolves to its exit code. */
function run([program, args, cwd = "."]) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (data) => {
      process.stdout.write(data);
      output += data;
    });
    child.on("error", (error) => {
      console.error(`${program} cannot be started: ${error.message}`);
      resolve(127);
    });
    child.on("close", (code) => {
      running.delete(child);
      count(output);
      if (code !== 0) failures.push(whatFailed(output));
      resolve(code ?? 1);
    });
    running.add(child);
  });
}

/** What failed, said again at the end: a whole run prints thousands of lines. */
const failures = [];

/** The part of mocha's (`2 failing`) or pytest's (`short test summary`) output that says what failed, without its stack traces. */
function whatFailed(output) {
  const [, failed = ""] = output.match(/^( {2}\d+ failing$.*|=+ short test summary.*)/ms) ?? [];
  return failed
    .replace(/^ {6}at .*\n/gm, "")
    .replace(/\n{3,}/g, "\n\n")
    .trimEnd();
}

const running = new Set();
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    interrupted = true;
    running.forEach((child) => child.kill(signal));
  });

/** Ends the laptop clouds of tests that could not do it themselves, and removes what the tests wrote. */
async function cleanUp() {
  const homes = readdirSync(process.env.TMPDIR)
    .map((name) => join(process.env.TMPDIR, name))
    .filter((folder) => existsSync(join(folder, "state.json")));
  if (homes.length) {
    const require = createRequire(import.meta.url);
    require("../register.js");
    const { resetLocal } = require("../local/supervisor/client.ts");
    for (const home of homes)
      await resetLocal(home).catch((error) => console.error(`${home}: ${error.message}`));
  }
  rmSync(process.env.TMPDIR, { recursive: true, force: true, maxRetries: 3 });
}

/** Adds what mocha (`12 passing`) or pytest (`12 passed`) say of themselves. */
function count(output) {
  // eslint-disable-next-line no-control-regex
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  for (const [word, kind] of Object.entries({ passing: "passed", failing: "failed", pending: "skipped" })) {
    const found = plain.match(new RegExp(`^ {2}(\\d+) ${word}`, "m"));
    counts[kind] += found ? Number(found[1]) : 0;
  }
  const summary = plain.match(/^.*\d+ (passed|failed|error|skipped).* in [\d.]+s.*$/m)?.[0] ?? "";
  for (const [word, kind] of Object.entries({
    passed: "passed",
    failed: "failed",
    errors: "failed",
    skipped: "skipped",
  })) {
    const found = summary.match(new RegExp(`(\\d+) ${word.replace(/s$/, "s?")}\\b`));
    counts[kind] += found ? Number(found[1]) : 0;
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in suites));
if (unknown.length) {
  console.error(`There is no suite '${unknown[0]}'. There are ${Object.keys(suites).join(", ")}.`);
  process.exit(2);
}
const broken = [];

/** Runs one suite. */
async function runSuite(name) {
  const { title, commands } = suites[name];
  console.log(`\n== ${name}: ${title}`);
  const began = Date.now();
  const waiting = [...commands];
  const runEach = async () => {
    for (let command; !interrupted && (command = waiting.shift());)
      if ((await run(command)) !== 0)
        broken.push(`${name} (${command[0]} ${command[1].slice(0, 3).join(" ")})`);
  };
  await Promise.all([runEach(), runEach()]);
  console.log(`\n== ${name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

for (const stage of stages) {
  const names = stage.filter((name) => wanted.length === 0 || wanted.includes(name));
  if (!interrupted) await Promise.all(names.map(runSuite));
}
await cleanUp();
if (process.env.CI && counts.skipped)
  broken.push(`${counts.skipped} tests were skipped, and in CI none may be`);
for (const failure of failures) if (failure) console.log(`\n${failure}`);
if (interrupted) broken.push("the run was interrupted");
if (broken.length) console.log(`\nNot passed: ${broken.join("; ")}`);
console.log(
  `\n${counts.passed} passed, ${Math.max(counts.failed, broken.length)} failed, ${counts.skipped} skipped`,
);
process.exit(broken.length ? 1 : 0);
