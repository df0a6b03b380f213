import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import { randomUUID } from "node:crypto";
import { type EventOf } from "../shared/events";
import { errorFields, type Log } from "../shared/log";
import { answer, type Problem, problemAnswer } from "../shared/problem";
import { bodyOf } from "../shared/request";
import { addressHash, filterPolicy } from "../shared/subscription";
import { type Limit, type Limits } from "./limits";
import * as pages from "./pages";
import { isEmail, read, removalSchema, subscriptionSchema } from "./request";
import { createToken, readToken, type Signer } from "./token";

/** What subscriptions need of the world. */
export interface Ports {
  stack: string;
  /** Name of the topic, for people. */
  topic: string;
  limits: Limits;
  signer: Signer;
  /** Asks SNS to ask the address. What is subscribed already stays as it is. */
  subscribe(email: string, filterPolicy: object): Promise<void>;
  /** Ends the email subscriptions of the address of this hash, if there are any; says how many. */
  unsubscribe(hash: string): Promise<number>;
  /** Puts an event on the results queue. */
  announce(event: EventOf<"subscription.removal">): Promise<void>;
  log: Log;
  now(): Date;
}

/** Of everything but the plain page, by one key or, without one, from one network address. */
const perCaller: Limit = { what: "caller", times: 60, seconds: 3600 };
/** Of the mails that others can cause an address to get. */
const perAddress: Limit = { what: "address", times: 3, seconds: 86_400 };

/**
 * Answers /subscriptions, /subscriptions/removals and /unsubscribe; never throws. The answers are the same whether an
 * address is subscribed or not, and take as long: nobody learns of anybody.
 */
export async function subscriptions(
  event: APIGatewayProxyEvent,
  ports: Ports,
): Promise<APIGatewayProxyResult> {
  const { requestId } = event.requestContext;
  const log = ports.log.with({ requestId });
  const isPage = event.path.endsWith("/unsubscribe");
  try {
    if (isPage) return await unsubscribePage(event, { ...ports, log });
    if (!(await ports.limits.allow(perCaller, callerOf(event)))) return problemAnswer(tooMany, requestId);
    return await (event.path.endsWith("/removals") ? remove : subscribe)(event, { ...ports, log });
  } catch (error) {
    log.error("the request could not be handled", { ...errorFields(error), trace: (error as Error).stack });
    return isPage ? pageAnswer(503, pages.brokenPage()) : problemAnswer(unavailable, requestId);
  }
}

async function subscribe(event: APIGatewayProxyEvent, ports: Ports): Promise<APIGatewayProxyResult> {
  const { requestId } = event.requestContext;
  const request = read(event, subscriptionSchema);
  if ("problem" in request) return problemAnswer(request.problem, requestId);
  const { email, ...wish } = request.value;
  if (await mayMail(email, ports)) await ports.subscribe(email, filterPolicy(wish, email));
  return answer(202, requestId, {
    status: "pending",
    detail: "The address gets a mail that asks it to confirm, unless it is subscribed already.",
    requestId,
  });
}

async function remove(event: APIGatewayProxyEvent, ports: Ports): Promise<APIGatewayProxyResult> {
  const { requestId } = event.requestContext;
  const request = read(event, removalSchema);
  if ("problem" in request) return problemAnswer(request.problem, requestId);
  await sendLink(request.value.email, ports);
  return answer(202, requestId, {
    status: "pending",
    detail: "If the address is subscribed, it gets a mail with a link that takes it out.",
    requestId,
  });
}

/** GET shows a form and changes nothing; POST does what the form asks for. */
async function unsubscribePage(event: APIGatewayProxyEvent, ports: Ports): Promise<APIGatewayProxyResult> {
  const isPost = event.httpMethod === "POST";
  const fields = isPost ? new URLSearchParams(bodyOf(event).toString()) : undefined;
  const token = isPost ? fields?.get("token") : event.queryStringParameters?.token;
  if (!isPost && !token) return pageAnswer(200, pages.askPage(ports.topic));
  if (!(await ports.limits.allow(perCaller, callerOf(event)))) return pageAnswer(429, pages.busyPage());
  if (!token) return askedByAddress(fields?.get("email") ?? "", ports);
  const hash = await readToken(token, ports.signer, ports.now());
  if (hash === undefined) return pageAnswer(400, pages.badLinkPage());
  if (!isPost) return pageAnswer(200, pages.confirmPage(token, ports.topic));
  ports.log.info("unsubscribed", { subscriptions: await ports.unsubscribe(hash) });
  return pageAnswer(200, pages.donePage());
}

async function askedByAddress(address: string, ports: Ports): Promise<APIGatewayProxyResult> {
  const email = address.trim();
  if (!isEmail(email)) return pageAnswer(400, pages.badAddressPage());
  await sendLink(email, ports);
  return pageAnswer(200, pages.sentPage());
}

/** Lets the publisher send the link to the address alone. SNS delivers it to nobody when nobody is subscribed with it. */
async function sendLink(email: string, ports: Ports): Promise<void> {
  if (!(await mayMail(email, ports))) return;
  const to = addressHash(email);
  await ports.announce({
    ...{ kind: "subscription.removal", stack: ports.stack, severity: "info" },
    ...{ time: ports.now().toISOString(), id: randomUUID() },
    detail: { to, token: await createToken(to, ports.signer, ports.now()) },
  });
}

/** Not told to the caller: it would tell that others have asked for this address. */
async function mayMail(email: string, { limits, log }: Ports): Promise<boolean> {
  const may = await limits.allow(perAddress, email.toLowerCase());
  if (!may) log.warn("not mailed: the address has had enough for today");
  return may;
}

const callerOf = ({ requestContext: { identity } }: APIGatewayProxyEvent) =>
  identity.apiKeyId ?? identity.sourceIp;

function pageAnswer(statusCode: number, body: string): APIGatewayProxyResult {
  return {
    statusCode,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": pages.contentSecurityPolicy,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer", // the token is in the address
      "x-content-type-options": "nosniff",
    },
    body,
  };
}

const tooMany: Problem = {
  status: 429,
  name: "too-many-requests",
  title: "Too many requests about subscriptions",
  detail: `One caller may make ${perCaller.times} an hour. Try again later.`,
  retryAfter: perCaller.seconds,
};

const unavailable: Problem = {
  status: 503,
  name: "unavailable",
  title: "Subscriptions cannot be changed now",
  detail: "Nothing was changed. Try again in a minute; if it goes on, tell the team, with the request id.",
  retryAfter: 60,
};
