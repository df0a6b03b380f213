import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { birthOf, isHeld } from "../../local/supervisor/lock";
import { UserError } from "../errors";
import { interrupt } from "../interrupt";
import { type ReleaseContext } from "./context";
import { actor } from "./history";

/** Who changes what a stack serves, as kept under `locks/deployment.json` in its data bucket. */
interface Owner {
  /** Of this one run of a command. */
  id: string;
  command: string;
  /** The user of the machine, or of the workflow. */
  by: string;
  host: string;
  pid: number;
  /** Tells the process from a later one with the same id. */
  birth: string;
  /** ISO 8601. */
  since: string;
  /** ISO 8601; moved on while the command lives. */
  until: string;
}

interface Held {
  owner: Owner;
  /** Of the object: what a conditional write names. */
  etag: string;
}

const key = "locks/deployment.json";
/** For how long a lock holds without a sign of life, and how often its owner gives one. */
const leaseMs = 60_000;
const renewMs = 15_000;

/**
 * Runs `work` while no other command, on whatever machine, changes what the stack serves. S3's conditional writes decide
 * who is first. The lock of a command that died here is taken over at once, and one elsewhere when it is silent for a minute.
 * @throws UserError that names the other command, its user and machine.
 */
export async function withDeploymentLock<T>(
  { clients: { s3 }, outputs, stack }: ReleaseContext,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  const bucket = outputs.dataBucket;
  let held = await acquire(s3, bucket, `slipway ${command} ${stack.name}`);
  const renewing = setInterval(() => {
    renew(s3, bucket, held).then(
      (renewed) => (renewed ? (held = renewed) : interrupt(new UserError(lost(stack.name)))),
      () => undefined, // may pass: the lease is four renewals long
    );
  }, renewMs);
  try {
    return await work();
  } finally {
    clearInterval(renewing);
    // One that cannot be given back is a dead command's lock in a moment; what `work` says matters more.
    await release(s3, bucket, held.owner.id).catch(() => undefined);
  }
}

const lost = (stack: string) =>
  `This command was silent for more than ${leaseMs / 1000} s (was the machine asleep?), and another one has taken the stack ` +
  `'${stack}' over. See 'npx slipway status ${stack}', then run the same command again.`;

async function acquire(s3: S3Client, bucket: string, command: string): Promise<Held> {
  const now = new Date();
  const owner: Owner = {
    ...{ id: randomUUID(), command, by: actor() },
    ...{ host: hostname(), pid: process.pid, birth: birthOf(process.pid) },
    ...{ since: now.toISOString(), until: leaseFrom(now) },
  };
  for (;;) {
    const other = await read(s3, bucket);
    if (other && isAlive(other.owner)) throw new UserError(refusal(other.owner));
    try {
      return await write(s3, bucket, owner, other ? { IfMatch: other.etag } : { IfNoneMatch: "*" });
    } catch (error) {
      if (!isConflict(error as Error)) throw error; // else somebody was quicker: look who
    }
  }
}

/** A dead process on this machine holds nothing; of one elsewhere only its silence is known. */
const isAlive = (owner: Owner) =>
  owner.host === hostname() ? isHeld(owner) : Date.parse(owner.until) > Date.now();

const refusal = ({ command, by, host, pid, since, until }: Owner) =>
  `'${command}' is under way already: started by ${by} on ${host} (process ${pid}) at ${since}. Wait until it is done, then run ` +
  `the same command again. Should it have died there, its lock ends at ${until}.`;

/** The lock for another lease, or undefined when it has been taken over. */
async function renew(s3: S3Client, bucket: string, { owner, etag }: Held): Promise<Held | undefined> {
  try {
    return await write(s3, bucket, { ...owner, until: leaseFrom(new Date()) }, { IfMatch: etag });
  } catch (error) {
    if (!isConflict(error as Error)) throw error;
    const current = await read(s3, bucket); // a write whose answer was lost is ours, too
    return current?.owner.id === owner.id ? current : undefined;
  }
}

const leaseFrom = (time: Date) => new Date(time.getTime() + leaseMs).toISOString();

async function write(
  s3: S3Client,
  bucket: string,
  owner: Owner,
  condition: { IfMatch: string } | { IfNoneMatch: "*" },
): Promise<Held> {
  const Body = `${JSON.stringify(owner, null, 2)}\n`;
  const { ETag = "" } = await s3.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentType: "application/json", ...condition }),
  );
  return { owner, etag: ETag };
}

async function read(s3: S3Client, bucket: string): Promise<Held | undefined> {
  try {
    const { Body, ETag = "" } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return { owner: JSON.parse((await Body?.transformToString()) ?? "") as Owner, etag: ETag };
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

/** Gives the lock back, unless it is somebody else's by now. */
async function release(s3: S3Client, bucket: string, id: string): Promise<void> {
  const current = await read(s3, bucket);
  if (current?.owner.id === id) await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
}

/** What S3 answers when a conditional write came too late: 412, 404 when the object is gone, 409 when two come at once. */
const isConflict = ({ name }: Error) =>
  ["PreconditionFailed", "NoSuchKey", "ConditionalRequestConflict"].includes(name);
