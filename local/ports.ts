import { createServer, type Server } from "node:net";

/**
 * Below what Linux and macOS give to whoever asks for any port, and to outgoing connections: those would take a port between
 * its choice and its use, or while its server is stopped.
 */
const [lowest, highest] = [20_000, 32_000];

/** Each process goes through them from a place of its own, so that two hardly ever choose the same at the same time. */
let next = lowest + Math.floor(Math.random() * (highest - lowest));

/** Listens on the port of 127.0.0.1; undefined when another program has it. */
export async function hold(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined)).listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** Listens on a port that nobody has, other than those of the calls before. */
export async function holdAny(): Promise<Server> {
  for (let tried = lowest; tried < highest; tried++) {
    const port = next;
    next = port + 1 < highest ? port + 1 : lowest;
    const server = await hold(port);
    if (server) return server;
  }
  throw new Error(`All ports from ${lowest} to ${highest - 1} of 127.0.0.1 are taken by other programs.`);
}

export const portOf = (server: Server) => (server.address() as { port: number }).port;

/** Listens no more. */
export const free = (held: Server[]) =>
  Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));

/** A port that nobody has now. */
export async function freePort(): Promise<number> {
  const server = await holdAny();
  const port = portOf(server);
  await free([server]);
  return port;
}

/** For each of `count` hosts the first of two ports in a row, all of which nobody has now. */
export async function freePortPairs(count: number): Promise<number[]> {
  const held: Server[] = [];
  const firsts: number[] = [];
  while (firsts.length < count) {
    const [first, second] = [await holdAny(), await holdAny()];
    held.push(first, second);
    if (portOf(second) === portOf(first) + 1) firsts.push(portOf(first));
  }
  await free(held);
  return firsts;
}
