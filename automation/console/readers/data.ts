import { GetObjectCommand, NoSuchKey, type S3Client, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { manifestEnding } from "../../../handlers/shared/landing/landing";
import { rawPrefix } from "../../data/landed";
import { type Profile } from "../../../handlers/shared/profile";
import { shifts } from "../../../handlers/shared/shift";
import { lookKey, looksPrefix, readProfile, type Snapshot } from "../../data/snapshot";
import { currentRelease } from "../../release/current";
import { readRecord } from "../../release/record";
import { type DataSection, type LandedSource, type SnapshotRow } from "../sections";
import { type World } from "../world";

const most = { snapshots: 5, reasons: 5, shifts: 5 };

type KnownSnapshot = Omit<SnapshotRow, "served">;

/** What has landed, and the snapshots that were made of it. What was found in some objects does not change, and is read once. */
export class DataReader {
  /** By the objects that it was made of. */
  private readonly snapshots = new Map<string, KnownSnapshot>();
  private readonly profiles = new Map<string, Profile | undefined>();

  async read(world: World): Promise<DataSection> {
    const { s3 } = world.clients;
    const { dataBucket: bucket } = world.outputs;
    const snapshots = await this.newest(s3, bucket);
    const current = await currentRelease(world.clients.ssm, world.outputs);
    const record = current && (await readRecord(s3, bucket, current.id));
    const served = record?.ingredients.snapshot;
    const newest = snapshots[0]?.hash;
    const isOther = served !== undefined && newest !== undefined && newest !== served;
    const was = isOther ? await this.profile(s3, bucket, served) : undefined;
    const is = isOther ? await this.profile(s3, bucket, newest) : undefined;
    return {
      sources: await landed(s3, bucket, Object.keys(world.outputs.sources)),
      snapshots: snapshots.map((snapshot) => ({ ...snapshot, served: snapshot.hash === served })),
      shift: is && was ? shifts(was, is).slice(0, most.shifts) : [],
    };
  }

  private async newest(s3: S3Client, bucket: string): Promise<KnownSnapshot[]> {
    const origins: string[] = [];
    const input = { Bucket: bucket, Prefix: looksPrefix, Delimiter: "/" };
    for await (const page of paginateListObjectsV2({ client: s3 }, input))
      origins.push(...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix.split("/").at(-2)!));
    await Promise.all(
      origins
        .filter((origin) => !this.snapshots.has(origin))
        .map(async (origin) => {
          const found = await readLook(s3, bucket, origin);
          if (found) this.snapshots.set(origin, found);
        }),
    );
    return [...this.snapshots.values()].sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, most.snapshots);
  }

  private async profile(s3: S3Client, bucket: string, hash: string): Promise<Profile | undefined> {
    if (!this.profiles.has(hash)) this.profiles.set(hash, await readProfile(s3, bucket, hash));
    return this.profiles.get(hash);
  }
}

/** The snapshot that was made of some objects, and when. */
async function readLook(s3: S3Client, bucket: string, origin: string): Promise<KnownSnapshot | undefined> {
  try {
    const { Body, LastModified } = await s3.send(
      new GetObjectCommand({ Bucket: bucket, Key: lookKey(origin) }),
    );
    const { hash, rows, reasons } = JSON.parse((await Body?.transformToString()) ?? "") as Snapshot;
    return { hash, at: LastModified?.toISOString() ?? "", ...rows, reasons: reasons.slice(0, most.reasons) };
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined; // it is being written
    throw error;
  }
}

/** What lies in the bucket of each source: of those of the configuration, and of those that have landed something. */
async function landed(s3: S3Client, bucket: string, names: string[]): Promise<LandedSource[]> {
  const found = new Map<string, LandedSource>();
  const of = (name: string) => {
    const source = found.get(name) ?? { name, objects: 0, bytes: 0, newest: null };
    found.set(name, source);
    return source;
  };
  names.forEach(of);
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: rawPrefix })) {
    for (const { Key = "", Size = 0, LastModified } of page.Contents ?? []) {
      if (Key.endsWith(manifestEnding)) continue;
      const source = of(Key.slice(rawPrefix.length).split("/")[0]!);
      source.objects += 1;
      source.bytes += Size;
      const at = LastModified?.toISOString() ?? null;
      if (at && at > (source.newest ?? "")) source.newest = at;
    }
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}
