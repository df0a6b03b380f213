import { type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { Unfit } from "../shared/landing/shape";
import { type Patience, request, shown } from "./request";

/** By what a server knows whether its document is still the same. */
export interface Validators {
  etag?: string;
  lastModified?: string;
}

export interface Download {
  validators: Validators;
  contentType: string;
  contentEncoding: string;
  /** Goes on where it was when the connection breaks; ends with Unfit when it is too large. */
  body: Readable;
}

/** However little each brings. */
const resumptionsMost = 10;

/**
 * Begins to load `url`.
 * @returns undefined when it has not changed since it had the validators `known`.
 * @throws Unfit when it is said to be larger than `maxBytes`; else as `request`.
 */
export async function download(
  url: URL,
  known: Validators,
  maxBytes: number,
  patience: Patience,
): Promise<Download | undefined> {
  const answer = await request(url, { ...common, ...conditions(known) }, patience);
  if (answer.statusCode === 304) {
    answer.resume();
    return undefined;
  }
  const length = Number(answer.headers["content-length"] ?? 0);
  if (length > maxBytes) {
    answer.destroy();
    throw tooLarge(maxBytes, length);
  }
  const resume = (from: number) => resumed(url, validatorsOf(answer), from, patience);
  const body = Readable.from(limited(wholeOf(answer, resume), maxBytes), { objectMode: false });
  return {
    validators: validatorsOf(answer),
    contentType: answer.headers["content-type"] ?? "",
    contentEncoding: answer.headers["content-encoding"] ?? "",
    body,
  };
}

const common = {
  accept: "*/*",
  "accept-encoding": "identity", // a part of a compressed answer could not be asked for
  "user-agent": "slipway",
};

function conditions({ etag, lastModified }: Validators): Record<string, string> {
  return {
    ...(etag === undefined ? {} : { "if-none-match": etag }),
    ...(lastModified === undefined ? {} : { "if-modified-since": lastModified }),
  };
}

function validatorsOf({ headers }: IncomingMessage): Validators {
  return { etag: headers.etag, lastModified: headers["last-modified"] };
}

type Resume = (from: number) => Promise<{ answer: IncomingMessage; skip: number }>;

async function* wholeOf(first: IncomingMessage, resume: Resume): AsyncGenerator<Buffer> {
  let answer = first;
  let skip = 0;
  let received = 0;
  for (let resumptions = 0; ; resumptions++) {
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        const fresh = chunk.subarray(skip);
        skip -= chunk.length - fresh.length;
        received += fresh.length;
        if (fresh.length > 0) yield fresh;
      }
      return;
    } catch (error) {
      if (resumptions === resumptionsMost) throw error;
    }
    ({ answer, skip } = await resume(received));
  }
}

/** The rest of a document, from the byte `from` on; a server that knows no ranges sends it from the start again. */
async function resumed(url: URL, { etag, lastModified }: Validators, from: number, patience: Patience) {
  const unchanged = etag?.startsWith("W/") ? lastModified : (etag ?? lastModified);
  if (unchanged === undefined) {
    throw new Error(
      `the connection to ${shown(url)} broke after ${from} bytes, and its answer has neither ETag nor Last-Modified by ` +
        "which to go on; the next run begins anew",
    );
  }
  const range = { range: `bytes=${from}-`, "if-range": unchanged };
  const answer = await request(url, { ...common, ...range }, patience);
  const now = validatorsOf(answer);
  if (now.etag !== etag || now.lastModified !== lastModified) {
    answer.destroy();
    throw new Error(`${shown(url)} changed while it was loaded; the next run begins anew`);
  }
  if (answer.statusCode === 200) return { answer, skip: from };
  if (answer.headers["content-range"]?.startsWith(`bytes ${from}-`)) return { answer, skip: 0 };
  answer.destroy();
  throw new Error(`${shown(url)} was asked for the bytes from ${from} on, and sent others`);
}

async function* limited(body: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}

function tooLarge(maxBytes: number, bytes?: number): Unfit {
  const megabytes = (count: number) => Math.ceil(count / 1e6);
  const has = bytes === undefined ? `does not end after` : `has ${megabytes(bytes)} MB, more than`;
  return new Unfit(`${has} the ${megabytes(maxBytes)} MB that the source takes (maxMegabytes)`);
}
