import {
  BatchCheckLayerAvailabilityCommand,
  BatchGetImageCommand,
  CompleteLayerUploadCommand,
  type ECRClient,
  GetDownloadUrlForLayerCommand,
  type Image,
  InitiateLayerUploadCommand,
  LayerAlreadyExistsException,
  PutImageCommand,
  UploadLayerPartCommand,
} from "@aws-sdk/client-ecr";
import pLimit from "p-limit";
import { UserError } from "../errors";
import { interruptSignal, throwIfInterrupted } from "../interrupt";
import { type Progress } from "../output";

/** An image in ECR, as its API takes it. */
interface Reference {
  registryId: string;
  repositoryName: string;
  imageDigest: string;
}

interface Blob {
  digest: string;
  size: number;
}

/** An image for one platform; an index of several has `manifests` instead. */
interface Manifest {
  config?: Blob;
  layers?: Blob[];
}

const layersAtATime = 3;

/**
 * Copies an image from one ECR repository to another, of this account and region or another, byte for byte: its digest, and so
 * its URI behind the repository, stays the same. What the other repository has already is not sent again.
 * @param uri `<registry>/<repository>@sha256:...`
 * @param repository `<registry>/<repository>`
 * @returns its URI there.
 */
export async function copyImage(
  from: ECRClient,
  uri: string,
  to: ECRClient,
  repository: string,
  progress: Progress,
): Promise<string> {
  const source = parse(uri);
  const copy = `${repository}@${source.imageDigest}`;
  const target = parse(copy);
  const image = await find(from, source);
  if (!image?.imageManifest) {
    throw new UserError(
      `The image ${uri} is not in its repository any more. Release it again where it came from, then try again.`,
    );
  }
  if (await find(to, target)) {
    progress.result("there already");
    return copy;
  }
  const { config, layers } = JSON.parse(image.imageManifest) as Manifest;
  if (!config || !layers) {
    throw new UserError(
      `The image ${uri} is an index of images of several platforms, which SageMaker does not take. Build it for linux/amd64 ` +
        "alone, without attestations ('docker build --provenance=false --platform linux/amd64').",
    );
  }
  // The same layer can be there twice. One without a byte has nothing to be copied.
  const blobs = new Map(
    [config, ...layers].filter(({ size }) => size > 0).map((blob) => [blob.digest, blob]),
  );
  const missing = await missingLayers(to, target, [...blobs.keys()]);
  const limit = pLimit(layersAtATime);
  let done = 0;
  await Promise.all(
    missing.map((digest) =>
      limit(async () => {
        await copyLayer(from, source, to, target, digest);
        progress.now(`${++done} of ${missing.length} layers`);
      }),
    ),
  );
  await to.send(
    new PutImageCommand({
      ...target,
      imageManifest: image.imageManifest,
      imageManifestMediaType: image.imageManifestMediaType,
    }),
  );
  progress.result(copy);
  return copy;
}

function parse(uri: string): Reference {
  const match = /^(\d{12})\.dkr\.ecr\.[^/]+\/(.+)@(sha256:[0-9a-f]+)$/.exec(uri);
  if (match) return { registryId: match[1]!, repositoryName: match[2]!, imageDigest: match[3]! };
  throw new UserError(
    `The image ${uri} is not in ECR under a digest, so it cannot be copied. Release it anew.`,
  );
}

async function find(client: ECRClient, { imageDigest, ...of }: Reference): Promise<Image | undefined> {
  const { images } = await client.send(
    new BatchGetImageCommand({
      ...of,
      imageIds: [{ imageDigest }],
      acceptedMediaTypes: [
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.index.v1+json",
      ],
    }),
  );
  return images?.[0];
}

/** ECR answers for 100 layers at a time, and no image has more than 127. */
async function missingLayers(client: ECRClient, of: Reference, digests: string[]): Promise<string[]> {
  const missing: string[] = [];
  for (let at = 0; at < digests.length; at += 100) {
    const layerDigests = digests.slice(at, at + 100);
    const { layers = [] } = await client.send(
      new BatchCheckLayerAvailabilityCommand({ ...repositoryOf(of), layerDigests }),
    );
    const there = layers.filter(({ layerAvailability }) => layerAvailability === "AVAILABLE");
    missing.push(
      ...layerDigests.filter((digest) => !there.some(({ layerDigest }) => layerDigest === digest)),
    );
  }
  return missing;
}

const repositoryOf = ({ registryId, repositoryName }: Reference) => ({ registryId, repositoryName });

async function copyLayer(
  from: ECRClient,
  source: Reference,
  to: ECRClient,
  target: Reference,
  layerDigest: string,
): Promise<void> {
  const { downloadUrl = "" } = await from.send(
    new GetDownloadUrlForLayerCommand({ ...repositoryOf(source), layerDigest }),
  );
  const response = await fetch(downloadUrl, { signal: interruptSignal });
  if (!response.ok || !response.body) {
    throw new UserError(
      `The layer ${layerDigest} of ${source.repositoryName} could not be fetched: ${response.status} ${response.statusText}. ` +
        "Run the same command again.",
    );
  }
  const of = repositoryOf(target);
  const { uploadId, partSize = 0 } = await to.send(new InitiateLayerUploadCommand(of));
  let first = 0;
  for await (const layerPartBlob of inParts(response.body, partSize)) {
    throwIfInterrupted();
    const range = { partFirstByte: first, partLastByte: first + layerPartBlob.length - 1 };
    await to.send(new UploadLayerPartCommand({ ...of, uploadId, ...range, layerPartBlob }));
    first += layerPartBlob.length;
  }
  try {
    // ECR compares the digest with what it got.
    await to.send(new CompleteLayerUploadCommand({ ...of, uploadId, layerDigests: [layerDigest] }));
  } catch (error) {
    if (!(error instanceof LayerAlreadyExistsException)) throw error; // another image has brought it meanwhile
  }
}

/** The bytes of a stream in parts of one size, the last one as large as is left. */
async function* inParts(stream: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let chunks: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    held += chunk.length;
    while (held >= size) {
      const all = Buffer.concat(chunks);
      yield all.subarray(0, size);
      chunks = [all.subarray(size)];
      held -= size;
    }
  }
  if (held > 0) yield Buffer.concat(chunks);
}
