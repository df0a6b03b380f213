import { type Command } from "commander";
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { commandLine } from "../../automation/main";

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}
interface Job {
  if?: string;
  environment?: string;
  permissions?: Record<string, string>;
  concurrency?: { group: string; "cancel-in-progress": unknown };
  "timeout-minutes"?: number;
  steps: Step[];
}
interface Workflow {
  on: Record<string, unknown>;
  permissions?: object;
  concurrency?: { group: string; "cancel-in-progress": unknown };
  defaults?: { run: { shell: string } };
  jobs: Record<string, Job>;
}

const folder = join(__dirname, "..", "..", ".github");
const read = (...path: string[]) => readFileSync(join(folder, ...path), "utf8");
const files = readdirSync(join(folder, "workflows")).sort();
const texts = [...files.map((file) => read("workflows", file)), read("actions", "setup", "action.yml")];
const workflows = Object.fromEntries(
  files.map((file) => [file.replace(".yml", ""), parse(read("workflows", file)) as Workflow]),
);
const setup = parse(read("actions", "setup", "action.yml")) as { runs: { steps: Step[] } };

/** Every job, as `deploy main`. */
const jobs = Object.entries(workflows).flatMap(([workflow, { jobs }]) =>
  Object.entries(jobs).map(([name, job]) => ({ name: `${workflow} ${name}`, workflow, job })),
);
const allSteps = [...jobs.flatMap(({ job }) => job.steps), ...setup.runs.steps];
const role = ({ steps }: Job) => steps.find(({ uses }) => uses?.startsWith("./"))?.with?.["role"] as string;
const changesStack = (job: Job) => /DEPLOY/.test(role(job) ?? "");

/** What a person may type into a workflow, and must come to no harm. */
const hostile = `"; touch harm; $(touch harm) \`touch harm\` 'x`;

/** What GitHub would put in for the expressions that steps take their environment from. */
const values: Record<string, string> = {
  "github.base_ref": "dev",
  "github.event.pull_request.number": "7",
  "github.token": "token",
  "github.repository": "acme/slipway",
  "matrix.stack": "main",
  "inputs.stack": "dev",
  "inputs.stack || 'dev'": "dev",
  "inputs.release": "fa8bf101b7f3",
  "inputs.reason": hostile,
};

describe("the workflows", () => {
  const bin = mkdtempSync(join(tmpdir(), "slipway-workflows-"));
  const calls = join(bin, "calls");
  before(() => {
    for (const program of ["npx", "gh", "npm", "make"]) {
      const script = `#!/usr/bin/env bash\nprintf '%s\\0' ${program} "$@" >>"${calls}"\nprintf '\\1' >>"${calls}"\n`;
      writeFileSync(join(bin, program), script);
      chmodSync(join(bin, program), 0o755);
    }
  });
  after(() => rmSync(bin, { recursive: true, force: true }));

  /** Runs a step's script in bash, as GitHub does, beside programs that only note how they are called. */
  function run({ run: script, env = {} }: Step, given = values): string[][] {
    writeFileSync(calls, "");
    const environment = Object.fromEntries(
      Object.entries(env).map(([name, text]) => {
        const expression = /^\$\{\{ (.+) \}\}$/.exec(text)?.[1] ?? "";
        const value = given[expression];
        if (value === undefined) throw new Error(`the test knows no value of ${text}`);
        return [name, value];
      }),
    );
    execFileSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", script ?? ""], {
      cwd: bin,
      env: {
        PATH: `${bin}:${process.env.PATH}`,
        GITHUB_STEP_SUMMARY: join(bin, "summary"),
        ...environment,
      },
    });
    const noted = readFileSync(calls, "utf8").split("\u0001").filter(Boolean);
    return noted.map((call) => call.split("\0").slice(0, -1));
  }

  /** Whether `slipway` takes these words; nothing is done. @throws CommanderError or UserError when it does not. */
  async function accept(words: string[]): Promise<void> {
    const program = commandLine();
    const silence = (command: Command) => {
      command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
      if (command.commands.length === 0) command.action(() => undefined);
      command.commands.forEach(silence);
    };
    silence(program);
    await program.parseAsync(words, { from: "user" });
  }

  const refused = (words: string[]) =>
    accept(words).then(
      () => false,
      () => true,
    );

  it("are those that there should be", () => {
    expect(Object.keys(workflows)).to.deep.equal([
      ...["ci", "deploy", "drift", "ephemeral", "preview", "retrain", "rollback"],
    ]);
  });

  it("call slipway as it can be called", async () => {
    const called: string[] = [];
    for (const { name, job } of jobs) {
      for (const step of job.steps.filter(({ run }) => run !== undefined)) {
        for (const [program, ...words] of run(step)) {
          if (program !== "npx") continue;
          expect(words[0], name).to.equal("slipway");
          await accept(words.slice(1));
          called.push(`${name}: ${words.slice(1).join(" ")}`);
        }
      }
    }
    expect(called).to.include.members([
      "preview preview: report dev --comment 7",
      "deploy dev: up dev",
      "deploy dev: release dev",
      "deploy main: up main",
      "deploy main: release main --from dev",
      "ephemeral up: ephemeral up 7 --ttl 72h --comment",
      "ephemeral up: release pr-7",
      "ephemeral down: ephemeral down 7",
      "ephemeral sweep: ephemeral sweep",
      "drift drift: drift main --issue",
      "retrain dev: ingest dev",
      "retrain dev: release dev",
      `rollback dev: rollback dev fa8bf101b7f3 --reason ${hostile}`,
    ]);
  });

  it("are for CodePipeline the same commands: buildspec.yml", () => {
    const { phases } = parse(readFileSync(join(folder, "..", "buildspec.yml"), "utf8")) as {
      phases: Record<"install" | "build", { commands: string[] }>;
    };
    const called = (stack: string) =>
      phases.build.commands.flatMap((script) =>
        run({ run: script, env: { STACK: "${{ stack }}" } }, { stack }),
      );
    for (const stack of ["dev", "main"]) {
      const deploys = workflows["deploy"]!.jobs[stack]!.steps.flatMap((step) => (step.run ? run(step) : []));
      expect(called(stack)).to.deep.equal(deploys);
    }
  });

  it("would not pass with a command, an option or a stack that there is not", async () => {
    await accept(["release", "dev"]);
    expect(await refused(["relaese", "dev"])).to.equal(true);
    expect(await refused(["release", "dev", "--fast"])).to.equal(true);
    expect(await refused(["release", "prod"])).to.equal(true);
    expect(await refused(["ephemeral", "up", "7", "--ttl", "soon"])).to.equal(true);
  });

  it("give what people type to programs as it is, and roll back without a release as well", () => {
    const [step] = workflows["rollback"]!.jobs["dev"]!.steps.filter(({ run }) => run);
    const words = ["npx", "slipway", "rollback", "dev"];
    expect(run(step!)).to.deep.equal([[...words, "fa8bf101b7f3", "--reason", hostile]]);
    expect(run(step!, { ...values, "inputs.release": "" })).to.deep.equal([[...words, "--reason", hostile]]);
    expect(readdirSync(bin)).not.to.include("harm");
  });

  it("start again on the branch of the stack when they were started elsewhere", () => {
    const [step] = workflows["rollback"]!.jobs["elsewhere"]!.steps;
    expect(run(step!)).to.deep.equal([
      [
        ...["gh", "workflow", "run", "rollback.yml", "--ref", "dev"],
        ...["--field", "stack=dev", "--field", "release=fa8bf101b7f3", "--field", `reason=${hostile}`],
      ],
    ]);
  });

  it("take no expression into a script", () => {
    for (const { run } of allSteps) expect(run ?? "").not.to.include("${{");
  });

  it("pin each action by its commit, in one version, with its name beside it", () => {
    const versions = new Map<string, string>();
    for (const line of texts.flatMap((text) => text.split("\n"))) {
      const [, uses, comment] = /uses: (\S+)(.*)/.exec(line) ?? [];
      if (!uses || uses.startsWith("./")) continue;
      expect(uses).to.match(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
      expect(comment).to.match(/^ # v\d+\.\d+\.\d+$/);
      const [action, commit] = uses.split("@") as [string, string];
      expect(versions.get(action) ?? commit, action).to.equal(commit);
      versions.set(action, commit);
    }
    expect([...versions.keys()]).to.include.members(["actions/checkout", "pulumi/actions"]);
  });

  it("have the permissions that they need, and no others", () => {
    const deploys = { contents: "read", "id-token": "write" };
    for (const workflow of Object.values(workflows)) expect(workflow.permissions).to.deep.equal({});
    expect(Object.fromEntries(jobs.map(({ name, job }) => [name, job.permissions]))).to.deep.equal({
      "ci test": { contents: "read" },
      "preview preview": { ...deploys, "pull-requests": "write" },
      "deploy dev": deploys,
      "deploy main": deploys,
      "ephemeral up": { ...deploys, "pull-requests": "write" },
      "ephemeral down": deploys,
      "ephemeral sweep": deploys,
      "drift drift": { ...deploys, issues: "write" },
      "retrain elsewhere": { actions: "write" },
      "retrain dev": deploys,
      "retrain main": deploys,
      "rollback elsewhere": { actions: "write" },
      "rollback dev": deploys,
      "rollback main": deploys,
    });
    for (const { uses, with: inputs } of allSteps.filter((step) => step.uses?.includes("/checkout@"))) {
      expect(inputs?.["persist-credentials"], uses).to.equal(false);
    }
  });

  it("know no secret: credentials come by tokens, and forks get none", () => {
    for (const text of texts) {
      expect(text).not.to.match(/secrets\s*[.[]|AKIA|aws-access-key-id|aws-secret|AWS_SECRET_ACCESS_KEY/i);
      expect(text).not.to.include("pull_request_target");
    }
    for (const { name, workflow, job } of jobs) {
      if (!("pull_request" in workflows[workflow]!.on) || !job.permissions?.["id-token"]) continue;
      expect(job.if, name).to.match(
        /github\.event\.pull_request\.head\.repo\.full_name == github\.repository &&|github\.event_name != 'pull_request' &&/,
      );
    }
  });

  it("assume the role that is for them, main from its environment", () => {
    const roles = Object.fromEntries(
      jobs.filter(({ job }) => role(job)).map(({ name, job }) => [name, [role(job), job.environment]]),
    );
    const of = (name: string) => `\${{ vars.SLIPWAY_${name}_ROLE_ARN }}`;
    const [dev, main, pr] = [
      [of("DEPLOY_DEV"), undefined],
      [of("DEPLOY_MAIN"), "main"],
      [of("DEPLOY_PR"), "preview-stack"],
    ];
    const [preview] = [[of("PREVIEW"), undefined]];
    expect(roles).to.deep.equal({
      ...{ "preview preview": preview, "drift drift": preview },
      ...{ "deploy dev": dev, "retrain dev": dev, "rollback dev": dev },
      ...{ "deploy main": main, "retrain main": main, "rollback main": main },
      ...{ "ephemeral up": pr, "ephemeral down": pr, "ephemeral sweep": pr },
    });
  });

  it("change a stack one at a time and never end that midway; a newer preview ends an older one", () => {
    for (const { name, job } of jobs.filter(({ job }) => changesStack(job))) {
      expect(job.concurrency?.group, name).to.match(
        /^stack-(dev|main|pr-(sweep|\$\{\{ github\.event\.pull_request\.number \}\}))$/,
      );
      expect(job.concurrency?.["cancel-in-progress"], name).to.equal(false);
    }
    expect(workflows["preview"]!.concurrency?.["cancel-in-progress"]).to.equal(true);
    expect(jobs.filter(({ job }) => changesStack(job))).to.have.length(9);
  });

  it("end: each job has a time limit, and a failure in a pipe is one", () => {
    for (const { name, job } of jobs) expect(job["timeout-minutes"], name).to.be.within(5, 120);
    for (const { workflow, job } of jobs.filter(({ job }) =>
      job.steps.some(({ run }) => run?.includes("|")),
    )) {
      expect(workflows[workflow]!.defaults?.run.shell, workflow).to.equal("bash"); // with pipefail
      expect(job.steps).not.to.be.empty;
    }
  });
});
