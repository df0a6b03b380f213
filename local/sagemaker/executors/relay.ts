import { once } from "node:events";
import { BlockList, connect, createServer, type Server, type Socket } from "node:net";

const loopback = "127.0.0.1";

/** Lets containers of some networks reach servers that listen on 127.0.0.1 of this machine. */
export class Relay {
  private readonly servers: Server[] = [];
  private readonly connections = new Set<Socket>();
  private readonly allowed = new Map<string, BlockList>();

  /** @param address of this machine, where containers find it. */
  constructor(private readonly address: string) {}

  /** Passes on what comes to the same port of the relay's address. @throws Error when that cannot be listened on. */
  async expose(port: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => this.passOn(near, port));
    server.listen(port, this.address);
    await once(server, "listening");
    this.servers.push(server);
  }

  /** @param subnet of the network, as in `172.20.0.0/16`. */
  allow(network: string, subnet: string): void {
    const [prefix = "", length] = subnet.split("/");
    const list = new BlockList();
    list.addSubnet(prefix, Number(length));
    this.allowed.set(network, list);
  }

  forbid(network: string): void {
    this.allowed.delete(network);
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const connection of this.connections) connection.destroy();
  }

  private passOn(near: Socket, port: number): void {
    const from = near.remoteAddress ?? "";
    if (![...this.allowed.values()].some((list) => list.check(from))) {
      near.destroy();
      return;
    }
    const far = connect({ host: loopback, port, allowHalfOpen: true, noDelay: true });
    this.connections.add(near);
    near.once("close", () => this.connections.delete(near));
    near.pipe(far).pipe(near); // either side may end its half first
    near.on("error", () => far.destroy()).on("close", () => far.destroy());
    far.on("error", () => near.destroy()).on("close", () => near.destroy());
  }
}
