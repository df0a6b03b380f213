import { paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { userInfo } from "node:os";
import { type Deployment } from "./deployment";
import { getJson, putJson } from "../objects";

/** One deployment that has ended, as kept under `deployments/` in the data bucket. */
export interface PastDeployment {
  release: string;
  /** The release that was served before, if there was one. */
  previous?: string;
  action: Exclude<Deployment["action"], "shadow">;
  /** Why it failed; then `previous` was put back. */
  failure?: string;
  /** ISO 8601. */
  at: string;
  /** Who did it: the user of the machine, or of the workflow. */
  by: string;
}

const prefix = "deployments/";

/** Every deployment of the stack, newest first. */
export async function readHistory(s3: S3Client, bucket: string): Promise<PastDeployment[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
  }
  const found = await Promise.all(keys.map((key) => getJson<PastDeployment>(s3, bucket, key)));
  return found.filter((entry) => entry !== undefined).sort((a, b) => (a.at < b.at ? 1 : -1));
}

/** Keeps how a deployment has ended; a shadow's changes nothing that is served. Done again, it changes nothing. */
export async function recordDeployment(
  s3: S3Client,
  bucket: string,
  { release, previous, action, failure, startedAt: at, by }: Deployment,
): Promise<void> {
  if (action === "shadow") return;
  const entry: PastDeployment = { release: release.id, previous: previous?.id, action, failure, at, by };
  await putJson(s3, bucket, `${prefix}${at}-${release.id}.json`, entry);
}

/** Who does this: the user of the machine, or of the workflow. */
export const actor = () => process.env.GITHUB_ACTOR ?? userInfo().username;

/**
 * The release to go back to from `current`: the one that was served last and was not itself rolled back since.
 * @param history newest first.
 */
export function previousGood(history: PastDeployment[], current: string): string | undefined {
  const rolledBack = new Set([current]);
  for (const { release, previous, action, failure } of history) {
    if (failure) continue; // it was put back: nothing has changed
    if (!rolledBack.has(release)) return release;
    if (action === "rollback" && previous) rolledBack.add(previous);
  }
  return undefined;
}
