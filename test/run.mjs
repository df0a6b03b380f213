// Runs the checks and the test suites one after the other, and closes with one line that counts all tests:
//   N passed, N failed, N skipped
// Usage: node test/run.mjs [lint | unit | container | local | e2e]   (none: all of them)
// With CI=true a skipped test counts as a failure: there, everything that a test needs is to be had.
import { spawn } from "node:child_process";
import { setPriority } from "node:os";

const python = ".venv/bin/python";
/** Files of tests two at a time: most of a test is waiting for servers, jobs and the engine. */
const twoAtATime = (folder, ...options) => [
  "npx",
  ["mocha", `test/${folder}/**/*.test.ts`, "--parallel", "--jobs", "2", ...options],
];
const sageMakerTests = "test/local/sagemaker/**/*.test.ts";

/** Each suite: what it is, and the commands that it consists of (program, arguments, folder). */
const suites = {
  lint: {
    title: "formatting, types and style",
    commands: [
      ["npx", ["prettier", "--check", "--log-level", "warn", "."]],
      ["npx", ["tsc", "--project", "."]],
      ["npx", ["tsc", "--project", "handlers/site/browser"]],
      ["npx", ["eslint", "."]],
      [python, ["-m", "ruff", "format", "--check", "--quiet", "model-image", "local", "bench", "clients"]],
      [python, ["-m", "ruff", "check", "--quiet", "model-image", "local", "bench", "clients"]],
      ["../.venv/bin/python", ["-m", "mypy"], "model-image"],
      ["../.venv/bin/python", ["-m", "mypy"], "local"],
      [python, ["-m", "mypy", "--strict", "clients/python"]],
    ],
  },
  unit: {
    title: "components, handlers, command, clients",
    commands: [twoAtATime("{components,handlers,automation,clients}")],
  },
  container: { title: "the container", commands: [["../.venv/bin/python", ["-m", "pytest"], "model-image"]] },
  local: {
    title: "the laptop target",
    // The files of the local SageMaker share one laptop cloud, and so one process.
    commands: [twoAtATime("local", "--ignore", sageMakerTests), ["npx", ["mocha", sageMakerTests]]],
  },
  e2e: { title: "end to end", commands: [twoAtATime("e2e")] },
};

// The tests run on Node.js 20 as well; the AWS SDK need not warn of its own plans in each of them.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const counts = { passed: 0, failed: 0, skipped: 0 };

/**
 * Suites that run one after the other, beside those of the other lane: end-to-end tests mostly wait. They come first where
 * both want a processor, as some of them watch alarms that depend on time.
 */
const lanes = [
  { suites: ["e2e"], niceness: 0 },
  { suites: ["lint", "unit", "container", "local"], niceness: 10 },
];

const running = new Set();
let stopped = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    stopped = true;
    for (const child of running) child.kill(signal);
  });
}

/** Runs one command, handing its output to `show` as it comes; resolves to its exit code. */
function run([program, args, cwd = "."], niceness, show) {
  if (stopped) return Promise.resolve(1);
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    let output = "";
    child.stdout.on("data", (data) => {
      show(data);
      output += data;
    });
    child.stderr.on("data", show);
    child.on("spawn", () => setPriority(child.pid, niceness)); // its children have it, too
    child.on("error", (error) => {
      console.error(`${program} cannot be started: ${error.message}`);
      resolve(127);
    });
    child.on("close", (code) => {
      running.delete(child);
      count(output);
      resolve(code ?? 1);
    });
  });
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

/** Runs one suite; what it prints is shown as it comes, or, `later`, all at its end. */
async function runSuite(name, niceness, later) {
  const { title, commands } = suites[name];
  const held = [];
  const show = (data) => (later ? held.push(data) : process.stdout.write(data));
  show(`\n== ${name}: ${title}\n`);
  const began = Date.now();
  for (const command of commands) {
    if ((await run(command, niceness, show)) !== 0)
      broken.push(`${name} (${command[0]} ${command[1].slice(0, 3).join(" ")})`);
  }
  show(`== ${name}: ${((Date.now() - began) / 1000).toFixed(1)} s\n`);
  for (const data of held) process.stdout.write(data);
}

const chosen = lanes
  .map((lane) => ({
    ...lane,
    suites: lane.suites.filter((name) => !wanted.length || wanted.includes(name)),
  }))
  .filter((lane) => lane.suites.length);
await Promise.all(
  chosen.map(async (lane) => {
    for (const name of lane.suites) await runSuite(name, lane.niceness, lane !== chosen[0]);
  }),
);
if (process.env.CI && counts.skipped)
  broken.push(`${counts.skipped} tests were skipped, and in CI none may be`);
if (broken.length) console.log(`\nNot passed: ${broken.join("; ")}`);
console.log(
  `\n${counts.passed} passed, ${Math.max(counts.failed, broken.length)} failed, ${counts.skipped} skipped`,
);
process.exit(broken.length ? 1 : 0);
