import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import semver from "semver";
import { projectRoot } from "../project";
import { cacheFolder, locatePulumi } from "../pulumi-cli/find";
import { run } from "../run";
import { type Finding } from "./finding";

const freeGigabytes = 2;

/** What is on this machine. @param forAws whether it is to deploy to AWS, for which it needs more. */
export const checkMachine = async (forAws: boolean): Promise<Finding[]> => [
  node(),
  await python(),
  environment(),
  await pulumi(),
  disk(),
  await dockerEngine(forAws),
];

async function version(program: string, ...args: string[]): Promise<string | undefined> {
  const { stdout, code } = await run(program, args, { timeout: 10_000 });
  return code === 0 ? (semver.coerce(stdout)?.version ?? stdout.trim()) : undefined;
}

function node(): Finding {
  const found = process.versions.node;
  const fix = "Install Node.js 20.19 or newer: https://nodejs.org";
  return { what: "Node.js", ok: semver.gte(found, "20.19.0"), found, needed: true, fix };
}

async function python(): Promise<Finding> {
  const found = await version("python3", "--version");
  const ok = found !== undefined && semver.gte(found, "3.11.0");
  const fix = "Install Python 3.11 or newer: https://www.python.org/downloads";
  return { what: "Python", ok, found: found ?? "none", needed: true, fix };
}

function environment(): Finding {
  const ok = existsSync(join(projectRoot, ".venv", "bin", "python"));
  return {
    what: "Python packages",
    ok,
    found: ok ? "in .venv" : "none",
    needed: true,
    fix: "Run 'make setup'",
  };
}

async function pulumi(): Promise<Finding> {
  const cli = await locatePulumi();
  const go = cli ? undefined : await version("go", "version");
  const fix =
    `'slipway up' and 'make demo' get it by themselves, into ${cacheFolder()}: by the official installer, else with Go ` +
    (go ? `(${go} is here)` : "(which is not here: https://go.dev/dl)");
  return {
    what: "Pulumi CLI",
    ok: cli !== undefined,
    found: cli?.version?.toString() ?? "none",
    needed: false,
    fix,
  };
}

function disk(): Finding {
  const { bavail, bsize } = statfsSync(projectRoot);
  const gigabytes = (bavail * bsize) / 2 ** 30;
  const fix = `Make room: at least ${freeGigabytes} GB are needed here`;
  const found = `${gigabytes.toFixed(1)} GB free`;
  return { what: "Disk", ok: gigabytes >= freeGigabytes, found, needed: true, fix };
}

async function dockerEngine(needed: boolean): Promise<Finding> {
  const found = await version("docker", "version", "--format", "{{.Server.Version}}");
  const fix =
    "Needed for stacks in AWS, whose image is built here, and for SLIPWAY_EXECUTOR=docker: https://docs.docker.com/get-docker";
  return { what: "Docker engine", ok: found !== undefined, found: found ?? "none", needed, fix };
}
