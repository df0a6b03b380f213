import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** What goes wrong with a Publish: SNS refuses it, its answer is lost, or the publisher dies when SNS has it. */
export type Fault = "refused" | "throttled" | "answer lost" | "publisher killed";

/** A proxy before SNS that spoils some of what is published, as `choose` says, and does as if it were SNS. */
export class FaultySns {
  readonly counts: Record<Fault | "published", number> = {
    ...{ published: 0, refused: 0, throttled: 0, "answer lost": 0, "publisher killed": 0 },
  };
  private readonly server = createServer((incoming, answer) => void this.handle(incoming, answer));

  constructor(
    private readonly target: URL,
    private readonly choose: () => Fault | undefined,
    private readonly kill: () => void,
  ) {}

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const fault = this.choose();
    if (fault) this.counts[fault]++;
    if (fault === "refused") return refuse(answer, 500, "InternalError");
    if (fault === "throttled") return refuse(answer, 400, "Throttled");
    const { status, headers, body } = await this.forward(incoming, Buffer.concat(chunks));
    if (status === 200) this.counts.published++;
    if (fault === "publisher killed") this.kill();
    if (fault) return void incoming.socket.destroy();
    answer.writeHead(status, headers).end(body);
  }

  private forward({ method, url, headers }: IncomingMessage, body: Buffer) {
    const { hostname, port } = this.target;
    return new Promise<{ status: number; headers: IncomingMessage["headers"]; body: Buffer }>(
      (resolve, reject) => {
        // with the headers as they are: they are signed
        const outgoing = request({ hostname, port, method, path: url, headers }, (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () =>
            resolve({
              status: answer.statusCode ?? 500,
              headers: answer.headers,
              body: Buffer.concat(chunks),
            }),
          );
        });
        outgoing.on("error", reject);
        outgoing.end(body);
      },
    );
  }
}

function refuse(answer: ServerResponse, status: number, code: string): void {
  answer.writeHead(status, { "content-type": "text/xml" });
  answer.end(
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>a fault of the benchmark</Message></Error></ErrorResponse>`,
  );
}
