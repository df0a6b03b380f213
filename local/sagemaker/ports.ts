import { createServer, type Server } from "node:net";

const listening = (port: number) =>
  new Promise<Server>((resolve, reject) => {
    const server = createServer();
    server.once("error", reject).listen(port, "127.0.0.1", () => resolve(server));
  });

const portOf = (server: Server) => {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
};

const closed = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()));

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = await listening(0);
  const port = portOf(server);
  await closed(server);
  return port;
}

/** For each of `count` hosts the first of two ports in a row, all of which are free now. */
export async function freePortPairs(count: number): Promise<number[]> {
  const held: Server[] = [];
  const firsts: number[] = [];
  while (firsts.length < count) {
    const first = await listening(0);
    held.push(first);
    const second = await listening(portOf(first) + 1).catch(() => undefined);
    if (!second) continue; // that one is taken: another first port
    held.push(second);
    firsts.push(portOf(first));
  }
  await Promise.all(held.map(closed));
  return firsts;
}
