import { expect } from "chai";
import { free, freePort, freePortPairs, hold, holdAny, portOf } from "../../local/ports";

describe("ports", () => {
  it("are none that this machine gives to others by itself, and each another than those before", async () => {
    const ports = [];
    for (let count = 0; count < 100; count++) ports.push(await freePort());
    expect(new Set(ports).size).to.equal(100);
    for (const port of ports) expect(port).to.be.within(20_000, 31_999);
  });

  it("pass over what another program has", async () => {
    const before = await freePort();
    const taken = (await Promise.all([1, 2, 3].map((step) => hold(before + step)))).filter(
      (server) => !!server,
    );
    const server = await holdAny();
    expect(taken.map(portOf)).to.not.include(portOf(server));
    expect(await hold(portOf(server))).to.equal(undefined);
    await free([...taken, server]);
  });

  it("come in pairs for hosts that need two", async () => {
    const firsts = await freePortPairs(3);
    const all = firsts.flatMap((first) => [first, first + 1]);
    expect(new Set(all).size).to.equal(6);
    const held = await Promise.all(all.map(hold));
    expect(held).to.not.include(undefined);
    await free(held.filter((server) => !!server));
  });
});
