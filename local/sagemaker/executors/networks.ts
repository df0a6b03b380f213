import { docker, dockerIds, tryDocker } from "./docker-command";
import type { NetworkRequest } from "./executor";
import { Relay } from "./relay";

/**
 * This machine's address for containers: that of AWS's own credentials endpoint, as the SDKs fetch credentials by HTTP
 * from nowhere else but it and the container itself.
 */
const relayAddress = "169.254.170.2";
/** One for all homes, with no container on it: it gives this machine the address, where the others' packets go. */
const relayNetwork = {
  name: "slipway-relay",
  options: ["--subnet", "169.254.170.0/24", "--gateway", relayAddress, "--label", "slipway.sagemaker.relay"],
};

/** The Docker networks of one home, on which each container has an address, and so all ports, of its own. */
export class Networks {
  /** None: the engine runs in a virtual machine, which has ways of its own from a container to this machine. */
  private relay: Relay | undefined = new Relay(relayAddress);
  /** Networks are made one after another: the engine would make two of one name at the same time. */
  private made: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly prefix: string,
    private readonly label: string,
  ) {}

  /**
   * Makes the networks that all containers need.
   * @param prefix of the networks' names.
   * @param label of the networks of this home.
   * @param port of 127.0.0.1 that containers are to reach.
   * @throws Error in the engine's words when it can make none.
   */
  static async open(prefix: string, label: string, port: number): Promise<Networks> {
    const networks = new Networks(prefix, label);
    await networks.provide({ isolated: false });
    await networks.expose(port).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRNOTAVAIL") throw error;
      networks.relay = undefined;
      return docker("network", "rm", relayNetwork.name); // made where nothing can listen
    });
    return networks;
  }

  /** Whether containers are reached at their own addresses from here, not through published ports. */
  get areReachable(): boolean {
    return this.relay !== undefined;
  }

  /** By which name or address containers reach this machine. */
  get machine(): string {
    return this.relay ? relayAddress : "host.docker.internal";
  }

  /** Lets containers that are not isolated reach a port of 127.0.0.1. */
  async expose(port: number): Promise<void> {
    await this.relay?.expose(port);
  }

  /** The name of a network as asked for, which is made if need be. @throws Error in the engine's words. */
  provide(request: NetworkRequest): Promise<string> {
    const provided = this.made.then(() => this.make(request));
    this.made = provided.catch(() => undefined);
    return provided;
  }

  /** Removes a network on which no container is left. */
  async remove(name: string): Promise<void> {
    this.relay?.forbid(name);
    await docker("network", "rm", name);
  }

  close(): void {
    this.relay?.close();
  }

  private async make({ isolated, job }: NetworkRequest): Promise<string> {
    if (this.relay) await ensure(relayNetwork.name, relayNetwork.options);
    const name = [this.prefix, isolated ? "isolated" : "open", ...(job ? [job] : [])].join("-");
    // A published port needs a network that is not internal.
    const internal = isolated && this.relay ? ["--internal"] : [];
    const subnet = await ensure(name, ["--label", this.label, ...internal]);
    if (!isolated) this.relay?.allow(name, subnet);
    return name;
  }
}

/** Removes the networks of a home, on which no container is left. */
export async function removeNetworks(label: string): Promise<void> {
  const ids = await dockerIds("network", "ls", "--quiet", "--filter", `label=${label}`);
  if (ids.length > 0) await docker("network", "rm", ...ids);
}

/** Makes a network unless it is there. @returns its subnet. */
async function ensure(name: string, options: string[]): Promise<string> {
  const format = "{{range .IPAM.Config}}{{.Subnet}} {{end}}";
  const inspect = () => tryDocker("network", "inspect", "--format", format, name);
  let found = await inspect();
  if (found.failure) {
    const { failure } = await tryDocker("network", "create", ...options, name);
    found = await inspect(); // which another process may have made just now
    if (found.failure) throw new Error(`Docker cannot make the network ${name}: ${failure ?? found.failure}`);
  }
  return found.stdout.split(" ").find((subnet) => subnet.includes(".")) ?? "";
}
