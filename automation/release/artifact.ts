import { NoSuchKey, type S3Client } from "@aws-sdk/client-s3";
import { UserError } from "../errors";
import { type ReleaseRecord } from "./record";
import { digest } from "../data/landed";

/** SHA-256 of a model artifact, hexadecimal. @param url `s3://<bucket>/<key>` */
export function artifactDigest(s3: S3Client, url: string): Promise<string> {
  const { hostname, pathname } = new URL(url);
  return digest(s3, hostname, decodeURIComponent(pathname.slice(1)));
}

/**
 * Checks that a release's artifact is, byte for byte, what its training job has left: only that was judged.
 * @throws UserError when it is another one, or gone.
 */
export async function requireIntact(
  s3: S3Client,
  { id, modelDataUrl, modelDataSha256 }: ReleaseRecord,
): Promise<void> {
  if (modelDataSha256 === undefined) return; // a release of an earlier Slipway
  const found = await artifactDigest(s3, modelDataUrl).catch((error: Error) => {
    if (error instanceof NoSuchKey) return "gone";
    throw error;
  });
  if (found === modelDataSha256) return;
  const what =
    found === "gone" ? "is gone" : `is not what was trained: its SHA-256 is ${found}, not ${modelDataSha256}`;
  throw new UserError(
    `The artifact of release ${id} ${what}. Nothing has been deployed. Get the object's first version back (${modelDataUrl}; ` +
      "the bucket keeps versions), or release something else.",
  );
}
