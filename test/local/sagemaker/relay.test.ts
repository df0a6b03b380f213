import { expect } from "chai";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { Relay } from "../../../local/sagemaker/executors/relay";

// All of 127.0.0.0/8 is this machine's, on Linux.
const [address, known, stranger] = ["127.0.0.2", "127.0.1.1", "127.0.2.1"];

describe("what lets containers reach this machine", () => {
  let server: Server;
  let relay: Relay;
  const port = () => (server.address() as AddressInfo).port;

  before(async function () {
    if (process.platform !== "linux") return this.skip(); // only there is there a relay
    server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.resume().on("end", () => socket.end("I am"));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    relay = new Relay(address);
    await relay.expose(port());
    relay.allow("theirs", "127.0.1.0/24");
  });

  after(() => {
    relay?.close();
    server?.close();
  });

  /** The answer to a question, after which the asking side closes its half. */
  const ask = (localAddress: string) => {
    const socket = connect({ host: address, port: port(), localAddress, allowHalfOpen: true });
    socket.end("who is there?");
    return text(socket).catch((error: NodeJS.ErrnoException) => error.code ?? "");
  };

  it("passes on what comes from their networks, and the answer", async () => {
    expect(await ask(known)).to.equal("I am");
  });

  it("answers nobody else, and nobody of a network that has gone", async () => {
    expect(await ask(stranger)).to.be.oneOf(["", "ECONNRESET"]);
    relay.forbid("theirs");
    expect(await ask(known)).to.be.oneOf(["", "ECONNRESET"]);
  });

  it("says that an address is not this machine's", async () => {
    const error = await new Relay("203.0.113.1").expose(port()).catch((caught: unknown) => caught);
    expect((error as NodeJS.ErrnoException).code).to.equal("EADDRNOTAVAIL");
  });
});
