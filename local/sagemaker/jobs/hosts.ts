import { cp, readdir } from "node:fs/promises";
import { existsSync } from "node:fs";
import { AwsError } from "../protocol/errors";
import { freePortPairs } from "../../ports";

/** As many containers of one job as a laptop is good for; AWS's default quota for most instance types. */
const maxInstances = 20;

/** Names of a job's hosts, as on AWS. */
export const hostNames = (count = 1) =>
  Array.from({ length: Math.max(1, count) }, (_, index) => `algo-${index + 1}`);

/** @throws AwsError in AWS's words when a job asks for more instances than there may be. */
export function requireInstances(count = 1, instanceType = "", usage: string): void {
  if (count <= maxInstances) return;
  throw new AwsError(
    "ResourceLimitExceeded",
    `The account-level service limit '${instanceType} for ${usage} usage' is ${maxInstances} Instances, with current utilization of 0 Instances and a request delta of ${count} Instances. Please use AWS Service Quotas to request an increase for this quota. (The local SageMaker has this limit for good.)`,
  );
}

/**
 * Where the hosts of a job reach each other when they share this machine's network: all on 127.0.0.1, with two ports
 * each; elsewhere, as on AWS, by name. The container reads it from HOST_ADDRESSES (model-image/slipway_model/hosts.py):
 * `algo-1=127.0.0.1:40000,algo-2=127.0.0.1:40002`.
 */
export async function hostAddresses(names: string[]): Promise<Record<string, string>> {
  if (names.length === 1) return {};
  const ports = await freePortPairs(names.length);
  return { HOST_ADDRESSES: names.map((name, index) => `${name}=127.0.0.1:${ports[index]}`).join(",") };
}

/** The part of an input that one host gets; none: all of it. */
export interface Shard {
  index: number;
  of: number;
}

/** What host number `index` of `count` gets of an input that is distributed as `distribution` says. */
export const shardOf = (distribution: string | undefined, index: number, count: number): Shard | undefined =>
  distribution === "ShardedByS3Key" && count > 1 ? { index, of: count } : undefined;

/** Copies what the other hosts left in a folder into the first's, whose own file wins where names are the same. */
export async function mergeFolders([first = "", ...others]: string[]): Promise<void> {
  for (const folder of others) {
    if (!existsSync(folder) || (await readdir(folder)).length === 0) continue;
    await cp(folder, first, { recursive: true, force: false });
  }
}
