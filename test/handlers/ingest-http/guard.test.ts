import { expect } from "chai";
import { Guard } from "../../../handlers/ingest-http/guard";

describe("ingest-http guard", () => {
  const outside = new Guard(new URL("https://data.example.com/trips.csv"));

  it("lets a source outside go anywhere outside, with TLS", () => {
    expect(() => outside.check(new URL("https://cdn.example.com/trips.csv"))).not.to.throw();
    expect(() => outside.check(new URL("https://93.184.216.34/"))).not.to.throw();
    expect(() => outside.check(new URL("http://cdn.example.com/"))).to.throw(/takes https only/);
  });

  it("lets no server outside lead it to this machine or its network, however that is written", () => {
    const inside = ["127.0.0.1:9001", "[::1]", "0x7f.1", "169.254.169.254", "10.1.2.3", "192.168.0.1"];
    const more = ["100.64.0.1", "[fe80::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a9fe:a9fe]", "0.0.0.0"];
    for (const host of [...inside, ...more]) {
      expect(() => outside.check(new URL(`https://${host}/`)), host).to.throw(
        /not one of the public internet/,
      );
    }
  });

  it("looks at what a name stands for when the connection is made", (done) => {
    outside.lookup("localhost", {}, (error) => {
      expect(error?.message).to.match(/^localhost is not asked: its address .* \(loopback\)$/);
      done();
    });
  });

  it("lets a source on this machine ask this machine, and nothing in its network", () => {
    const here = new Guard(new URL("http://127.0.0.1:8000/trips.csv"));
    expect(() => here.check(new URL("http://127.0.0.1:8001/"))).not.to.throw();
    expect(() => here.check(new URL("http://169.254.169.254/"))).to.throw(/linkLocal/);
  });
});
