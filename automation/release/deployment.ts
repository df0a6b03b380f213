import { DeleteObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { type Release } from "../../components/release/current-release";
import { getJson, putJson } from "../objects";

/** A change of what a stack serves. While it is under way it is kept as `deployment.json` in the data bucket. */
export interface Deployment {
  /** `shadow`: the same release with another shadow, of which nobody needs to be told. */
  action: "release" | "rollback" | "shadow";
  release: Release;
  /** What was served before and is served again when this fails. */
  previous?: Release;
  /** Why, in the words of who has asked for it. */
  reason?: string;
  /** Why it has failed; then what was served before is being put back. */
  failure?: string;
  /** ISO 8601; when the command began. */
  startedAt: string;
  /** The user of the machine, or of the workflow. */
  by: string;
}

const key = "deployment.json";

/** The deployment that is under way, or that was interrupted. */
export const readDeployment = (s3: S3Client, bucket: string) => getJson<Deployment>(s3, bucket, key);

export const keepDeployment = (s3: S3Client, bucket: string, deployment: Deployment) =>
  putJson(s3, bucket, key, deployment);

/** Forgets the deployment: it is done, or put back. */
export async function forgetDeployment(s3: S3Client, bucket: string): Promise<void> {
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
}
