import { existsSync, statfsSync } from "node:fs";
import { join } from "node:path";
import semver from "semver";
import { UserError } from "../errors";
import { type Output } from "../output";
import { projectRoot } from "../project";
import { cacheFolder, locatePulumi } from "../pulumi-cli/find";
import { run } from "../run";

/** What was looked at: `needed` ones must be there, for others the fix says what they are good for. */
interface Finding {
  what: string;
  ok: boolean;
  found: string;
  needed: boolean;
  fix: string;
}

const freeGigabytes = 2;

/** `slipway doctor` */
export async function doctor(output: Output): Promise<void> {
  const findings = [
    node(),
    await python(),
    environment(),
    await pulumi(),
    disk(),
    await dockerEngine(),
    aws(),
  ];
  output.answer(findings, findings.map(describe).join("\n"));
  const missing = findings.filter(({ ok, needed }) => needed && !ok);
  if (missing.length) {
    throw new UserError(
      `Not ready: ${missing.map(({ what }) => what).join(", ")}. The fix is beside each above.`,
    );
  }
}

const describe = ({ what, ok, found, needed, fix }: Finding) =>
  `${ok ? "ok     " : needed ? "MISSING" : "absent "} ${what.padEnd(18)} ${found}${ok ? "" : `\n        ${fix}`}`;

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

async function dockerEngine(): Promise<Finding> {
  const found = await version("docker", "version", "--format", "{{.Server.Version}}");
  const fix =
    "Only needed for SLIPWAY_EXECUTOR=docker and for stacks in AWS: https://docs.docker.com/get-docker";
  return { what: "Docker engine", ok: found !== undefined, found: found ?? "none", needed: false, fix };
}

function aws(): Finding {
  const { AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_ROLE_ARN } = process.env;
  const found = AWS_PROFILE ? `profile ${AWS_PROFILE}` : AWS_ACCESS_KEY_ID ? "access key" : AWS_ROLE_ARN;
  const fix = "Only needed for stacks in AWS: 'aws configure sso', then set AWS_PROFILE";
  return { what: "AWS credentials", ok: found !== undefined, found: found ?? "none", needed: false, fix };
}
