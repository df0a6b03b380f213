import { type Outputs } from "../outputs";
import { type Clients } from "../release/clients";
import { type Target } from "../target";

/** A stack as the console looks at it: with the user's own credentials, and only to read. */
export interface World {
  stack: string;
  outputs: Outputs;
  clients: Clients;
  target: Target;
}
