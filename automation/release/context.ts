import { type Stack } from "@pulumi/pulumi/automation";
import { type LandedObject } from "../data/landed";
import { type Output } from "../output";
import { type Outputs } from "../outputs";
import { type Target } from "../target";
import { type Clients, createClients } from "./clients";

/** What every step of a release works with. */
export interface ReleaseContext {
  stack: Stack;
  /** Of the stack, which is up. */
  outputs: Outputs;
  clients: Clients;
  /** What the model image is built from, and for: an image for the laptop's plain processes is none for its Docker. */
  imageBase: string;
  /** Seconds between two looks at a job. */
  pollSeconds: number;
  /** See `Target`. */
  propagationSeconds: number;
  output: Output;
  /** The data as it was listed a moment ago; none: it is listed when it is needed. */
  landed?: LandedObject[];
}

export function createContext(
  stack: Stack,
  outputs: Outputs,
  target: Target,
  output: Output,
  landed?: LandedObject[],
): ReleaseContext {
  const clients = createClients(target, outputs.region);
  return {
    stack,
    outputs,
    clients,
    imageBase: [outputs.baseImage, target.laptop?.executor].filter(Boolean).join(" for executor "),
    pollSeconds: target.pollSeconds,
    propagationSeconds: target.propagationSeconds,
    output,
    ...(landed ? { landed } : {}),
  };
}
