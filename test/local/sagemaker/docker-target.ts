/** One laptop target with the executor docker for all tests here that need Docker, furnished as the other one is. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startLocal, stopLocal } from "../../../local/supervisor/client";
import { type ServiceSettings, services } from "../../../local/supervisor/services";
import { type Target, furnish } from "./target";

export const works = (program: string, ...args: string[]) =>
  spawnSync(program, args, { stdio: "ignore" }).status === 0;

const baseImages = [process.env.BASE_IMAGE, "python:3.11-slim", "local/python:3.11-slim"].filter(
  (name) => name !== undefined,
);

/** Why these tests cannot run here, if so. */
export function missing(): string | undefined {
  if (!works("docker", "info")) return "there is no Docker engine (docker info fails)";
  if (!baseImage()) return `Docker has none of the base images ${baseImages.join(", ")}`;
  return undefined;
}

const baseImage = () => baseImages.find((name) => works("docker", "image", "inspect", name));

/** Builds a folder's Dockerfile; the engine keeps the layers for the next time. */
export async function buildImage(tag: string, folder: string): Promise<void> {
  const base = ["--build-arg", `BASE_IMAGE=${baseImage()}`];
  await promisify(execFile)("docker", ["build", "--network", "host", ...base, "--tag", tag, folder]);
}

let started: Promise<Target> | undefined;

/** The target, started by the first test that asks for it. */
export const dockerTarget = (): Promise<Target> => (started ??= start());

/** Stops it; the next test that asks starts another. */
export async function stopDockerTarget(): Promise<void> {
  const running = await started?.catch(() => undefined);
  started = undefined;
  await running?.laptop.stop();
}

after("stop the laptop target with Docker", async function () {
  this.timeout(60_000);
  await stopDockerTarget();
});

async function start(): Promise<Target> {
  const home = mkdtempSync(join(tmpdir(), "slipway-laptop-"));
  const some = (settings: ServiceSettings) => services(settings).filter(({ name }) => name !== "inbox");
  const state = await startLocal({ home, executor: "docker", services: some });
  const stop = async () => {
    await stopLocal(home);
    rmSync(home, { recursive: true, force: true });
  };
  return furnish({ home, state, stop });
}

/** What a target has in the Docker engine: ids of `ps` (containers, running or not) or `network ls`. */
export function belongings(home: string, ...list: string[]): string[] {
  const filter = ["--quiet", "--filter", `label=slipway.sagemaker.home=${home}`];
  return execFileSync("docker", [...list, ...filter])
    .toString()
    .split("\n")
    .filter((id) => id !== "");
}
