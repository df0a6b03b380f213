import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on this machine that answers as the test says, and remembers what it was asked. */
export class MisbehavingServer {
  answer: Answer = (_, response) => response.writeHead(404).end();
  readonly asked: IncomingMessage[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<MisbehavingServer> {
    const server = createServer((request, response) => {
      self.asked.push(request);
      self.answer(request, response);
    });
    const self = new MisbehavingServer(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return self;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
