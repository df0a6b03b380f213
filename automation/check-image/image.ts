import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { createGzip } from "node:zlib";
import { UserError } from "../errors";
import { interruptSignal, throwIfInterrupted } from "../interrupt";
import { run } from "../run";
import { type Docker } from "./docker";

const buildMs = 60 * 60_000;

/** What `docker image inspect` says, as far as rules need it. */
export interface Image {
  Id: string;
  Os: string;
  Architecture: string;
  /** Bytes, not compressed. */
  Size: number;
  RepoDigests?: string[];
  Config: { Entrypoint?: string[] | null; User?: string; Env?: string[] | null };
  /** Only from engines that store images in containerd. */
  Descriptor?: { mediaType: string };
}

/** A manifest as a registry holds it. */
export interface Manifest {
  mediaType?: string;
  manifests?: unknown[];
  config?: { size: number };
  layers?: { size: number }[];
}

/** The image to check: built from a folder, there already, or pulled. @throws UserError when it cannot be had. */
export async function findImage(docker: Docker, imageOrFolder: string): Promise<Image> {
  const isFolder = existsSync(imageOrFolder) && statSync(imageOrFolder).isDirectory();
  if (!isFolder && existsSync(imageOrFolder) && /[./]/.test(imageOrFolder)) {
    throw new UserError(
      `${imageOrFolder} is a file. Give the folder that has the Dockerfile, or an image's name.`,
    );
  }
  const reference = isFolder ? await build(imageOrFolder) : imageOrFolder;
  const there = await inspect(reference);
  if (there) return there;
  try {
    await docker.call(["pull", "--quiet", reference], buildMs);
  } catch (error) {
    throwIfInterrupted();
    throw new UserError(
      `There is no image '${reference}' here, it cannot be pulled, and there is no folder of that name. ` +
        `${(error as Error).message} Give a folder with a Dockerfile, or an image that 'docker pull' can get.`,
    );
  }
  return (await inspect(reference))!;
}

async function inspect(reference: string): Promise<Image | undefined> {
  const { code, stdout } = await run("docker", ["image", "inspect", "--", reference], { timeout: 60_000 });
  return code === 0 ? (JSON.parse(stdout) as Image[])[0] : undefined;
}

/** Builds a folder for SageMaker's platform; the tag stays, so that the next build is quick. */
async function build(folder: string): Promise<string> {
  if (!existsSync(join(folder, "Dockerfile"))) {
    throw new UserError(
      `There is no Dockerfile in ${folder}. Give the folder that has it, or an image's name.`,
    );
  }
  const name = basename(resolve(folder)).toLowerCase();
  const tag = `slipway-check-image:${name.replace(/[^a-z0-9_.-]/g, "-").replace(/^[.-]+/, "") || "latest"}`;
  const base = process.env.SLIPWAY_BASE_IMAGE;
  const buildArguments = base ? ["--build-arg", `BASE_IMAGE=${base}`] : [];
  const { code, stdout, stderr } = await run(
    "docker",
    [
      "build",
      "--network",
      "host",
      "--platform",
      "linux/amd64",
      "--force-rm",
      ...buildArguments,
      "--tag",
      tag,
      folder,
    ],
    // An attestation would turn the image into an index, which SageMaker refuses.
    {
      timeout: buildMs,
      signal: interruptSignal,
      env: { ...process.env, BUILDX_NO_DEFAULT_ATTESTATIONS: "1" },
    },
  );
  throwIfInterrupted();
  if (code === 0) return tag;
  throw new UserError(
    `${folder} cannot be built. 'docker build' ends with: ${lastWords(stdout, stderr)} Put the Dockerfile right, ` +
      `seeing all that is said with 'docker build ${folder}', then run the same command again.`,
  );
}

/** The end of what `docker build` has said, in one line, without its advertisement. */
function lastWords(stdout: string, stderr: string): string {
  const said = stripVTControlCharacters(`${stdout}\n${stderr}`).replace(/^DEPRECATED:.*\n( +.*\n)*/m, "");
  const words = said.replace(/\s+/g, " ").trim();
  return `"${words.length > 500 ? "…" : ""}${words.slice(-500)}".`;
}

/** The manifest of an image in the registry it came from; undefined when it has not been in one, or that is silent. */
export async function registryManifest({ RepoDigests = [] }: Image): Promise<Manifest | undefined> {
  const [reference] = RepoDigests;
  if (!reference) return undefined;
  // "insecure" is about registries on this machine; others are asked over TLS first.
  const asked = ["manifest", "inspect", "--insecure", reference];
  const { code, stdout } = await run("docker", asked, { timeout: 60_000, signal: interruptSignal });
  return code === 0 ? (JSON.parse(stdout) as Manifest) : undefined;
}

/**
 * Bytes of an image when compressed: those of its registry's manifest, else of what `docker save` gives.
 * @param enough it stops counting above so many.
 */
export async function compressedBytes(image: Image, enough: number): Promise<number> {
  const manifest = await registryManifest(image);
  if (manifest?.layers) {
    return manifest.layers.reduce((sum, { size }) => sum + size, manifest.config?.size ?? 0);
  }
  let bytes = 0;
  // Not `run`, which would hold the whole image in memory.
  const save = spawn("docker", ["save", image.Id], {
    stdio: ["ignore", "pipe", "ignore"],
    signal: interruptSignal,
  });
  save.on("error", () => save.stdout.destroy());
  // Level 1: some per cent larger than what a push makes of it, in a quarter of the time.
  for await (const piece of save.stdout.pipe(createGzip({ level: 1 }))) {
    bytes += (piece as Buffer).length;
    if (bytes > enough) break;
  }
  save.stdout.destroy();
  save.kill();
  throwIfInterrupted();
  return bytes;
}
