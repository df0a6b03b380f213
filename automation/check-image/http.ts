import { request } from "node:http";
import { connect } from "node:net";
import { interruptSignal } from "../interrupt";
import { type Address } from "./docker";

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
  /** Until the answer was complete. */
  seconds: number;
}

/** Asks a server over a connection of its own. @throws Error that says why there is no answer. */
export function ask(
  { host, port }: Address,
  { method, path, body, contentType, timeoutSeconds }: Question,
): Promise<Answer> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const headers = {
      ...(contentType && { "content-type": contentType }),
      ...(method === "POST" && { "content-length": body?.length ?? 0 }),
    };
    const asked = request({ host, port, method, path, headers, signal: interruptSignal, agent: false });
    // Not AbortSignal.any with AbortSignal.timeout: Node.js may collect them before they fire (nodejs/node#57736).
    const timer = setTimeout(
      () => asked.destroy(new Error(`no answer within ${timeoutSeconds} s`)),
      timeoutSeconds * 1000,
    );
    asked.on("close", () => clearTimeout(timer));
    const fail = (error: NodeJS.ErrnoException) => reject(new Error(describe(error)));
    asked.on("error", fail);
    asked.on("response", (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", fail);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(pieces).toString("utf8"),
          seconds: (performance.now() - began) / 1000,
        }),
      );
    });
    asked.end(body);
  });
}

/** Milliseconds until a connection was accepted; undefined when it was not within so many. */
export function connectionTime(
  { host, port }: Address,
  timeoutMilliseconds: number,
): Promise<number | undefined> {
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (milliseconds?: number) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(milliseconds);
    };
    const timer = setTimeout(end, timeoutMilliseconds);
    socket.on("connect", () => end(performance.now() - began)).on("error", () => end());
  });
}

function describe({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ECONNREFUSED") return "the connection was refused";
  if (code === "ECONNRESET" || code === "EPIPE") return "the connection was reset before the answer";
  return message;
}
