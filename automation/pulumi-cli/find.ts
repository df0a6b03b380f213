import { type PulumiCommand } from "@pulumi/pulumi/automation";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { UserError } from "../errors";
import { interruptSignal, interrupted } from "../interrupt";
import { withLock } from "../../local/supervisor/lock";
import { type Output, type Progress } from "../output";
import { run } from "../run";

/** The version that Slipway installs when there is none; `go.mod` beside this file pins the same one. */
export const pulumiVersion = "3.259.0";
const oldestMajor = 3;
const installerTimeoutMs = 180_000;

/** Folder for what is installed once for all of a user's projects (`$XDG_CACHE_HOME`, else `~/.cache`). */
export const cacheFolder = () => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "slipway");

/**
 * Finds a Pulumi CLI: on PATH, else one that Slipway installed before, else by the official installer,
 * else built by Go from the pinned module (about 5 minutes, once).
 * @throws UserError when none of these gives one.
 */
export async function findPulumi(output: Output): Promise<PulumiCommand> {
  const root = installRoot();
  return (
    (await onPath()) ??
    (await installedIn(root)) ??
    (await output.step(`Getting the Pulumi CLI ${pulumiVersion} into ${root}`, (progress) => {
      progress.now("another command is getting it already; waiting for that");
      return inTurn(root, async () => (await installedIn(root)) ?? install(root, progress));
    }))
  );
}

/** Two commands that start at once on a new machine do not both build it. */
async function inTurn<T>(root: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(root, { recursive: true });
  const whenHeld = { wait: true, signal: interruptSignal } as const;
  try {
    return await withLock(join(root, "lock"), "getting the Pulumi CLI", work, whenHeld);
  } catch (error) {
    if (interruptSignal.aborted) throw interrupted();
    throw error;
  }
}

async function install(root: string, progress: Progress): Promise<PulumiCommand> {
  progress.now("official installer");
  const official = await officialInstaller(root);
  if (official) return official;
  progress.now("the installer's site cannot be reached; building it with Go, about 5 minutes, once");
  return goBuild(root);
}

/** Where a Pulumi CLI is at present, without installing one. */
export async function locatePulumi(): Promise<PulumiCommand | undefined> {
  return (await onPath()) ?? installedIn(installRoot());
}

/** The program of a CLI that is here, for a question or two: sooner than `locatePulumi`, which asks it for its version. */
export function locateProgram(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), join(installRoot(), "bin")];
  return folders.map((folder) => join(folder, "pulumi")).find((program) => existsSync(program));
}

/** Where Slipway installs the CLI. */
const installRoot = () => join(cacheFolder(), "pulumi", pulumiVersion);

const programIn = (root: string) => join(root, "bin", "pulumi");

/** Loaded when it is needed: it takes two seconds. */
const automationApi = () => import("@pulumi/pulumi/automation/index.js");

async function onPath(): Promise<PulumiCommand | undefined> {
  const { PulumiCommand } = await automationApi();
  const command = await PulumiCommand.get().catch(() => undefined); // rejects one that is too old as well
  return command?.version && command.version.major >= oldestMajor ? command : undefined;
}

async function installedIn(root: string): Promise<PulumiCommand | undefined> {
  if (!existsSync(programIn(root))) return undefined;
  const { PulumiCommand } = await automationApi();
  return PulumiCommand.get({ root }).catch(() => undefined);
}

async function officialInstaller(root: string): Promise<PulumiCommand | undefined> {
  const { default: semver } = await import("semver");
  const { PulumiCommand } = await automationApi();
  const install = PulumiCommand.install({ root, version: new semver.SemVer(pulumiVersion) }).catch(
    () => undefined,
  );
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<undefined>(
    (resolve) => (timer = setTimeout(resolve, installerTimeoutMs, undefined)),
  );
  return Promise.race([install, tooLong]).finally(() => clearTimeout(timer));
}

async function goBuild(root: string): Promise<PulumiCommand> {
  const bin = join(root, "bin");
  mkdirSync(bin, { recursive: true });
  const draft = join(bin, `pulumi.${process.pid}`);
  const version = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${pulumiVersion}`;
  const build = ["build", "-tags", "osusergo,grpcnotrace", "-ldflags", `-s -w ${version}`, "-o", draft];
  const { code, stderr } = await run("go", [...build, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"], {
    cwd: __dirname,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" },
    signal: interruptSignal,
  });
  if (interruptSignal.aborted) throw interrupted();
  if (code !== 0) {
    const what = code === "ENOENT" ? "Go is not installed" : `the Go build failed: ${lastLine(stderr)}`;
    throw new UserError(
      `There is no Pulumi CLI on this machine, the official installer's site cannot be reached, and ${what}. ` +
        "Install the CLI (https://www.pulumi.com/docs/install) or Go 1.25 or newer (https://go.dev/dl), then run the command again.",
    );
  }
  renameSync(draft, programIn(root)); // in one step: a build that was interrupted leaves no half CLI
  const { PulumiCommand } = await automationApi();
  return PulumiCommand.get({ root });
}

const lastLine = (text: string) => text.trim().split("\n").at(-1) ?? "";
