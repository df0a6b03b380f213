import { request } from "node:http";
import { interruptSignal } from "../interrupt";

export interface Question {
  method: "GET" | "POST";
  path: string;
  body?: Buffer;
  contentType?: string;
  /** Whole seconds or parts of them until the complete answer must be there. */
  timeoutSeconds: number;
}

export interface Answer {
  status: number;
  body: string;
  /** Until the connection was accepted. */
  acceptMilliseconds: number;
  /** Until the answer was complete. */
  seconds: number;
}

/** Asks a server on this machine over a connection of its own. @throws Error that says why there is no answer. */
export function ask(
  port: number,
  { method, path, body, contentType, timeoutSeconds }: Question,
): Promise<Answer> {
  const began = performance.now();
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  return new Promise((resolve, reject) => {
    let acceptMilliseconds = 0;
    const headers = {
      ...(contentType && { "content-type": contentType }),
      ...(method === "POST" && { "content-length": body?.length ?? 0 }),
    };
    const signal = AbortSignal.any([timeout, interruptSignal]);
    const asked = request({ host: "127.0.0.1", port, method, path, headers, signal, agent: false });
    asked.on("socket", (socket) => {
      socket.on("connect", () => (acceptMilliseconds = performance.now() - began));
    });
    const fail = (error: NodeJS.ErrnoException) =>
      reject(new Error(timeout.aborted ? `no answer within ${timeoutSeconds} s` : describe(error)));
    asked.on("error", fail);
    asked.on("response", (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", fail);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(pieces).toString("utf8"),
          acceptMilliseconds,
          seconds: (performance.now() - began) / 1000,
        }),
      );
    });
    asked.end(body);
  });
}

function describe({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ECONNREFUSED") return "the connection was refused";
  if (code === "ECONNRESET" || code === "EPIPE") return "the connection was reset before the answer";
  return message;
}
