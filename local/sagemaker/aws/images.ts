import {
  BatchCheckLayerAvailabilityCommand,
  BatchGetImageCommand,
  GetAuthorizationTokenCommand,
  GetDownloadUrlForLayerCommand,
} from "@aws-sdk/client-ecr";
import { type LocalImage, findContent, findImage, saveImage } from "../../images";
import type { Foundation } from "../platform";
import type { RoleSession } from "./cloud";

/** The image is not there, or the role may not pull it. */
export class ImageError extends Error {}

const ecrUri = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)(?::([^@]+))?(?:@(sha256:.+))?$/;

/**
 * The image that `uri` means on this laptop, once the role has shown that it may pull it from ECR.
 * @throws ImageError that names the image, or the action that the role lacks.
 */
export async function pullImage(
  { settings: { home }, executor }: Pick<Foundation, "settings" | "executor">,
  session: RoleSession,
  uri: string,
): Promise<LocalImage> {
  const digest = await requirePull(session, uri);
  const pushed = findImage(home, uri) ?? (digest ? adopt(home, uri, digest) : undefined);
  const image = pushed ?? (await executor.find(uri));
  if (!image) {
    throw new ImageError(
      `Cannot find the image ${uri}. Please ensure that it was built and pushed under exactly this URI ('slipway up local' does), or, with the executor docker, that the Docker engine has it under this name.`,
    );
  }
  return image;
}

/** An image that was copied between repositories by ECR's API: there under this name, and here under another. */
function adopt(home: string, uri: string, digest: string): LocalImage | undefined {
  const image = findContent(home, digest);
  if (!image) return undefined;
  const copy = { ...image, uri: uri.split("@")[0]! };
  saveImage(home, copy);
  return copy;
}

/** @returns the digest of the image, when ECR has it. */
async function requirePull(session: RoleSession, uri: string): Promise<string | undefined> {
  const match = ecrUri.exec(uri);
  if (!match) return undefined; // from a registry of somebody's own: no ECR permissions are asked for
  const [, registryId, region, repositoryName = "", imageTag, imageDigest] = match;
  const repository = `arn:aws:ecr:${region}:${registryId}:repository/${repositoryName}`;
  const imageIds = [imageDigest ? { imageDigest } : { imageTag: imageTag ?? "latest" }];
  // ECR looks at permissions before it looks for the layer: any digest will do.
  const layerDigest = `sha256:${"0".repeat(64)}`;
  const of = { registryId, repositoryName };
  const { ecr } = session;
  let digest: string | undefined;
  const pulls: [string, string, () => Promise<unknown>][] = [
    ["ecr:GetAuthorizationToken", "*", () => ecr.send(new GetAuthorizationTokenCommand({}))],
    [
      "ecr:BatchGetImage",
      repository,
      async () => {
        const { images } = await ecr.send(new BatchGetImageCommand({ ...of, imageIds }));
        digest = images?.[0]?.imageId?.imageDigest;
      },
    ],
    [
      "ecr:BatchCheckLayerAvailability",
      repository,
      () => ecr.send(new BatchCheckLayerAvailabilityCommand({ ...of, layerDigests: [layerDigest] })),
    ],
    [
      "ecr:GetDownloadUrlForLayer",
      repository,
      () => ecr.send(new GetDownloadUrlForLayerCommand({ ...of, layerDigest })),
    ],
  ];
  await Promise.all(
    pulls.map(async ([action, resource, call]) => {
      const error = await call().catch((caught: Error) => caught);
      if (error instanceof Error && /^AccessDenied/.test(error.name)) {
        throw new ImageError(`The image ${uri} cannot be pulled: ${session.refusal(action, resource)}`);
      }
    }),
  );
  return digest;
}
