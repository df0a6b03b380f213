import { ECRClient, PutImageCommand } from "@aws-sdk/client-ecr";
import { type Image, type ImageArgs } from "@pulumi/docker";
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { byDigest, findImage, type LocalImage, saveImage } from "../../images";
import { type Executor, localHome, readState } from "../../state";
import { type Call, type Inputs, resource } from "../shared/resource";
import { isObject, type Properties, unknownValue } from "../shared/values";
import { buildContext, contextDigest, contextFiles, copyFiles, digestOf } from "./context";
import { runSettings } from "./dockerfile";
import { folderOf } from "./store";

type ImageInputs = Inputs<ImageArgs>;

const standardPlatform = "linux/amd64"; // the only one that SageMaker runs

const registryOf = (imageName: string) => (imageName.includes("/") ? imageName.split("/")[0]! : "docker.io");

/** A registry name of ECR, and the region in it. */
const ecrRegistry = /^\d{12}\.dkr\.ecr\.([^.]+)\./;

function executor(): Executor {
  return readState()?.executor ?? (process.env.SLIPWAY_EXECUTOR === "docker" ? "docker" : "process");
}

/** What else decides what a build gives: an image for one executor is of no use to the other. */
const howToBuild = () => (executor() === "docker" ? ["docker", process.env.SLIPWAY_BASE_IMAGE] : ["process"]);

/** Stores the build context itself: a job or an endpoint runs the ENTRYPOINT in it, as a plain process. */
function buildForProcess({ imageName, build }: ImageInputs): LocalImage {
  const context = buildContext(build?.context, build?.dockerfile);
  const settings = runSettings(readFileSync(context.dockerfile, "utf8"), build?.args, build?.target);
  const files = contextFiles(context);
  const digest = digestOf(context.folder, files, settings);
  const folder = folderOf(localHome(), digest);
  copyFiles(context.folder, files, folder);
  return { uri: imageName, digest, folder, ...settings };
}

interface InspectedImage {
  Id: string;
  Config: { Entrypoint: string[] | null; Env: string[] | null };
}

/** Runs Docker and shows each line that it prints. @throws Error with the last of them when it fails. */
async function runDocker(args: string[], env: Record<string, string>, call: Call): Promise<void> {
  const child = spawn("docker", args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      call.status(line);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("close", resolve);
    child.once("error", () => {
      reject(
        new Error("Docker is not installed. Install it, or set SLIPWAY_EXECUTOR=process to do without it."),
      );
    });
  });
  if (code !== 0) throw new Error(`docker ${args[0]} failed:\n${lines.slice(-15).join("\n")}`);
}

/** Builds with Docker. Nothing is pushed: the laptop's ECR has no registry behind it, and `docker run` needs none. */
async function buildWithDocker({ imageName, build }: ImageInputs, call: Call): Promise<LocalImage> {
  const { folder, dockerfile } = buildContext(build?.context, build?.dockerfile);
  const args = {
    ...build?.args,
    ...(process.env.SLIPWAY_BASE_IMAGE ? { BASE_IMAGE: process.env.SLIPWAY_BASE_IMAGE } : {}),
  };
  const { platform = standardPlatform, target, cacheFrom, builderVersion } = build ?? {};
  const command = [
    ...["build", "--network", "host", "--platform", platform, "--tag", imageName, "--file", dockerfile],
    ...Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]),
    ...(target ? ["--target", target] : []),
    ...(cacheFrom?.images ?? []).flatMap((image) => ["--cache-from", image]),
    folder,
  ];
  await runDocker(command, builderVersion === "BuilderV1" ? { DOCKER_BUILDKIT: "0" } : {}, call);
  const { stdout } = await promisify(execFile)("docker", ["image", "inspect", imageName]);
  const [found] = JSON.parse(stdout) as InspectedImage[];
  const env = (found!.Config.Env ?? []).map((line) => [
    line.split("=")[0],
    line.slice(line.indexOf("=") + 1),
  ]);
  return {
    ...{
      uri: imageName,
      digest: found!.Id,
      dockerImage: found!.Id,
      entrypoint: found!.Config.Entrypoint ?? [],
    },
    env: Object.fromEntries(env) as Record<string, string>,
  };
}

/** Makes the image show in the repository, as a push would. */
async function registerInEcr({ uri, digest }: LocalImage, call: Call): Promise<void> {
  const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
  const config = { mediaType: "application/vnd.docker.container.image.v1+json", size: 0, digest };
  const [, repositoryName, imageTag] = /^[^/]+\/(.+?)(?::([^:/]+))?$/.exec(uri) ?? [];
  await call.client(ECRClient).send(
    new PutImageCommand({
      ...{
        repositoryName,
        imageTag: imageTag ?? "latest",
        imageDigest: digest,
        imageManifestMediaType: mediaType,
      },
      imageManifest: JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] }),
    }),
  );
}

async function build(inputs: ImageInputs, call: Call): Promise<string> {
  const image = executor() === "docker" ? await buildWithDocker(inputs, call) : buildForProcess(inputs);
  saveImage(localHome(), image);
  if (!inputs.skipPush && ecrRegistry.test(inputs.imageName)) await registerInEcr(image, call);
  return image.digest;
}

export const image = resource<ImageArgs>({
  inputs: {
    imageName: { required: true },
    build: {},
    registry: {},
    skipPush: { default: false },
    buildOnPreview: {},
  },
  outputs: [
    "baseImageName",
    "context",
    "dockerfile",
    "platform",
    "registryServer",
    "repoDigest",
  ] satisfies (keyof Image)[],
  volatile: ["repoDigest"],
  prepare({ build: given, registry, ...rest }) {
    // A registry's password changes every few hours and says nothing about the image.
    const server = registry && { server: registry.server };
    const inputs: Properties = { ...rest, ...(server ? { registry: server } : {}) };
    if ((given as unknown) === unknownValue) return Promise.resolve({ ...inputs, build: given });
    const { context, dockerfile } = given ?? {};
    const isKnown = context !== unknownValue && dockerfile !== unknownValue;
    const digest = isKnown ? contextDigest(buildContext(context, dockerfile), howToBuild()) : unknownValue;
    return Promise.resolve({
      ...inputs,
      build: { platform: standardPlatform, ...given, contextDigest: digest },
    });
  },
  create: build,
  read({ imageName, registry, build: given }) {
    const found = findImage(localHome(), imageName);
    if (!found) return Promise.resolve(undefined);
    return Promise.resolve({
      ...{ imageName, baseImageName: imageName, repoDigest: byDigest(imageName, found.digest) },
      registryServer: registry?.server ?? registryOf(imageName),
      ...(isObject(given)
        ? { context: given.context, dockerfile: given.dockerfile ?? "Dockerfile", platform: given.platform }
        : {}),
    });
  },
  async update(now, call) {
    await build(now, call);
  },
  // As the real provider: what was pushed stays in the repository, which removes it when it is deleted itself.
  delete: () => Promise.resolve(),
});
