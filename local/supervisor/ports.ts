import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { free, hold, holdAny, portOf } from "../ports";
import { type Ports } from "./services";

const portVariables: Record<keyof Ports, string> = {
  cloud: "SLIPWAY_CLOUD_PORT",
  sagemaker: "SLIPWAY_SAGEMAKER_PORT",
  redshift: "SLIPWAY_REDSHIFT_PORT",
  inbox: "SLIPWAY_INBOX_PORT",
  control: "SLIPWAY_CONTROL_PORT",
};
const names = Object.keys(portVariables) as (keyof Ports)[];

const portsFile = (home: string) => join(home, "ports.json");

/** The ports of the last start, as far as they are known. */
export function recordedPorts(home: string): Partial<Ports> {
  try {
    return JSON.parse(readFileSync(portsFile(home), "utf8")) as Partial<Ports>;
  } catch {
    return {}; // no start yet
  }
}

/**
 * Chooses the ports: those of the environment, else those of the last start (so that URLs stay), else any free ones.
 * @param patienceMs how long to wait for a port that servers of this laptop target, now ending, may still hold.
 * @throws Error in one paragraph when a port is taken or is no port.
 */
export async function choosePorts(home: string, patienceMs = 0): Promise<Ports> {
  const recorded = recordedPorts(home);
  const deadline = Date.now() + patienceMs;
  const held: Server[] = []; // until all are chosen, so that no two are the same
  const ports: Partial<Ports> = {};
  try {
    for (const name of names) {
      const wanted = wantedPort(name, recorded);
      let server = await (wanted ? hold(wanted) : holdAny());
      while (!server && Date.now() < deadline) {
        await sleep(100);
        server = await hold(wanted);
      }
      if (!server) throw taken(name, wanted);
      held.push(server);
      ports[name] = portOf(server);
    }
  } finally {
    await free(held);
  }
  writeFileSync(`${portsFile(home)}.new`, JSON.stringify(ports));
  renameSync(`${portsFile(home)}.new`, portsFile(home));
  return ports as Ports;
}

/** The port that is asked for, or 0 for any. */
function wantedPort(name: keyof Ports, recorded: Partial<Ports>): number {
  const variable = portVariables[name];
  const value = process.env[variable];
  if (!value) return recorded[name] ?? 0;
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`${variable} is '${value}'. Give a port number from 1 to 65535, or leave it unset.`);
}

function taken(name: keyof Ports, port: number): Error {
  const variable = portVariables[name];
  return new Error(
    `Port ${port} of the laptop target (${name}) is taken by another program. Stop that program, or choose another ` +
      `port with ${variable}=<port>, or any free one with ${variable}=0 (the URLs then change: run 'slipway up local').`,
  );
}
