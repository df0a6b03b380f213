import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";

// Connections are kept, as an invocation must not pay for a handshake, but not for so long that the other side,
// whose own patience is 2 s or more with the usual servers, closes one just as it is used again.
const idleConnectionMs = 1_000;
const agent = new Agent({ keepAlive: true, maxSockets: Infinity, timeout: idleConnectionMs });

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface HttpRequest {
  method: "GET" | "POST";
  headers?: OutgoingHttpHeaders;
  body?: Uint8Array;
  timeoutMs: number;
}

/** The other side did not answer in time. */
export class HttpTimeout extends Error {}

/**
 * Sends one request to a server on this machine and reads the whole answer. It is sent once only.
 * @throws HttpTimeout, or the connection's error.
 */
export function send(url: string, { method, headers, body, timeoutMs }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      ...{ method, agent, headers: { ...headers, "content-length": body?.length ?? 0 } },
    });
    const timer = setTimeout(() => {
      outgoing.destroy(new HttpTimeout(`${url} did not answer within ${timeoutMs / 1000} s`));
    }, timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    outgoing.on("error", fail);
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", fail);
      incoming.on("end", () => {
        clearTimeout(timer);
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) });
      });
    });
    outgoing.end(body);
  });
}

/** Posts JSON and reads JSON. @throws Error that quotes the answer when the status is not 2xx. */
export async function postJson<T>(url: string, value: unknown, timeoutMs = 10_000): Promise<T> {
  const body = Buffer.from(JSON.stringify(value));
  const answer = await send(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    timeoutMs,
  });
  if (answer.status < 200 || answer.status > 299)
    throw new Error(`${url} answered ${answer.status}: ${answer.body.toString()}`);
  return JSON.parse(answer.body.toString()) as T;
}
