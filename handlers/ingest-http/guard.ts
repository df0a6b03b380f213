import ipaddr from "ipaddr.js";
import { lookup } from "node:dns";
import { type LookupFunction } from "node:net";

/** An address that the source does not ask. */
export class Refused extends Error {
  override name = "Refused";
}

/**
 * Where requests may go. A server outside can send a redirect, and its name can resolve to any address: neither may lead
 * to what only this machine or its network can reach, such as the credentials of the instance (169.254.169.254).
 * A source whose own URL is on this machine may ask this machine, without TLS too, and nothing inside the network.
 */
export class Guard {
  private readonly onThisMachine: boolean;

  constructor(configured: URL) {
    this.onThisMachine = literal(configured)?.range() === "loopback";
  }

  /** @throws Refused */
  check(url: URL): void {
    const address = literal(url);
    if (address) this.checkAddress(address, url.hostname);
    const secure = url.protocol === "https:" || (url.protocol === "http:" && this.onThisMachine);
    if (!secure) throw new Refused(`${url.protocol}//${url.host} is not asked: the source takes https only`);
  }

  /** Instead of `dns.lookup`: what a name stands for is known only when the connection is made. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      try {
        for (const { address } of addresses) this.checkAddress(ipaddr.process(address), hostname);
      } catch (refused) {
        return callback(refused as Error, []);
      }
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      return callback(null, first?.address ?? "", first?.family);
    });
  };

  private checkAddress(address: ipaddr.IPv4 | ipaddr.IPv6, hostname: string): void {
    const range = address.range();
    const allowed = range === "unicast" || (range === "loopback" && this.onThisMachine);
    if (allowed) return;
    throw new Refused(
      `${hostname} is not asked: its address ${address.toString()} is not one of the public internet (${range})`,
    );
  }
}

/** The address in a URL that has one in place of a name. */
function literal({ hostname }: URL): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = hostname.replace(/^\[|\]$/g, "");
  return ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}
