import { paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { userInfo } from "node:os";
import { getJson, putJson } from "./objects";

/** One change of what a stack serves, as kept under `deployments/` in the data bucket. */
export interface Deployment {
  release: string;
  /** The release that was served before, if there was one. */
  previous?: string;
  action: "release" | "rollback";
  /** ISO 8601. */
  at: string;
  /** Who did it: the user of the machine, or of the workflow. */
  by: string;
}

const prefix = "deployments/";

/** Every change of what the stack serves, newest first. */
export async function readHistory(s3: S3Client, bucket: string): Promise<Deployment[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
  }
  const found = await Promise.all(keys.map((key) => getJson<Deployment>(s3, bucket, key)));
  return found.filter((entry) => entry !== undefined).sort((a, b) => (a.at < b.at ? 1 : -1));
}

/** Keeps that `release` is served from now on. */
export async function recordDeployment(
  s3: S3Client,
  bucket: string,
  change: Pick<Deployment, "release" | "previous" | "action">,
): Promise<void> {
  const at = new Date().toISOString();
  await putJson(s3, bucket, `${prefix}${at}-${change.release}.json`, { ...change, at, by: actor() });
}

/** Who does this: the user of the machine, or of the workflow. */
export const actor = () => process.env.GITHUB_ACTOR ?? userInfo().username;

/**
 * The release to go back to from `current`: the one that was served last and was not itself rolled back since.
 * @param history newest first.
 */
export function previousGood(history: Deployment[], current: string): string | undefined {
  const rolledBack = new Set([current]);
  for (const { release, previous, action } of history) {
    if (!rolledBack.has(release)) return release;
    if (action === "rollback" && previous) rolledBack.add(previous);
  }
  return undefined;
}
