import { expect } from "chai";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ask, connectionTime } from "../../../automation/check-image/http";

describe("a question to a container", () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  let address = { host: "127.0.0.1", port: 0, proxied: false };
  before(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    address = { ...address, port: (server.address() as AddressInfo).port };
  });
  after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });

  it("ends without an answer when its time is over, also after memory was cleaned", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const cleaning = setInterval(collect, 20);
    const asked = ask(address, { method: "GET", path: "/ping", timeoutSeconds: 0.3 });
    const error = await asked.catch((error: Error) => error).finally(() => clearInterval(cleaning));
    expect(error).to.be.instanceOf(Error).with.property("message", "no answer within 0.3 s");
  });

  it("knows a connection that is accepted from one that is refused", async () => {
    expect(await connectionTime(address, 5000)).to.be.a("number");
    const free = createServer();
    await once(free.listen(0, "127.0.0.1"), "listening");
    const { port } = free.address() as AddressInfo;
    await once(free.close(), "close");
    expect(await connectionTime({ ...address, port }, 5000)).to.equal(undefined);
  });
});
