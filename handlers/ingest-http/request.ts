import { get as getHttp, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import pRetry from "p-retry";
import { Guard, Refused } from "./guard";

/** How long to wait, and how often to try. */
export interface Patience {
  /** Without a byte. */
  idleMilliseconds: number;
  retries: number;
  /** Before the second try; each further wait is twice as long. */
  pauseMilliseconds: number;
  /** Ends everything. */
  deadline: AbortSignal;
}

/** What a server answered that is no use. */
export class BadAnswer extends Error {
  override name = "BadAnswer";

  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const redirectsMost = 5;
const redirects = [301, 302, 303, 307, 308];
/** What may be otherwise in a moment. */
const passing = [408, 425, 429, 500, 502, 503, 504];

/**
 * The answer to GET `url`, with redirects followed: status 200, 206 or 304, its body not read yet. Faults that may pass
 * are tried again.
 * @throws BadAnswer, Refused, or the network's error.
 */
export function request(
  url: URL,
  headers: Record<string, string>,
  patience: Patience,
): Promise<IncomingMessage> {
  const { retries, pauseMilliseconds: minTimeout, deadline: signal } = patience;
  return pRetry(() => follow(url, headers, patience), {
    ...{ retries, minTimeout, factor: 2, randomize: true, signal },
    shouldRetry: ({ error }) =>
      !(error instanceof Refused) && (!(error instanceof BadAnswer) || passing.includes(error.status)),
  });
}

async function follow(
  configured: URL,
  headers: Record<string, string>,
  patience: Patience,
): Promise<IncomingMessage> {
  const guard = new Guard(configured);
  let url = configured;
  for (let hop = 0; hop <= redirectsMost; hop++) {
    guard.check(url);
    const answer = await getOnce(url, headers, guard, patience);
    const { statusCode: status = 0, headers: received } = answer;
    if ([200, 206, 304].includes(status)) return answer;
    answer.destroy();
    if (!redirects.includes(status)) {
      throw new BadAnswer(`${shown(url)} answers ${status} ${answer.statusMessage ?? ""}`.trim(), status);
    }
    url = target(url, received);
  }
  throw new Refused(`${shown(configured)} redirects more than ${redirectsMost} times`);
}

function target(url: URL, { location = "" }: IncomingHttpHeaders): URL {
  if (location === "" || !URL.canParse(location, url.href))
    throw new Refused(`${shown(url)} redirects to nowhere`);
  return new URL(location, url);
}

function getOnce(
  url: URL,
  headers: Record<string, string>,
  guard: Guard,
  { idleMilliseconds: timeout, deadline: signal }: Patience,
): Promise<IncomingMessage> {
  const get = url.protocol === "https:" ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    // a connection of its own: one that was made for another name was not checked for this one
    const options = { headers, lookup: guard.lookup, agent: false as const, timeout, signal };
    const asked = get(url, options, resolve);
    asked.on("timeout", () => asked.destroy(new Error(`${shown(url)} sent nothing for ${timeout / 1000} s`)));
    asked.on("error", reject);
  });
}

/** A URL for people: without what may be a secret. */
export const shown = ({ origin, pathname, search }: URL) => `${origin}${pathname}${search ? "?..." : ""}`;
