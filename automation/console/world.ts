import { UserError } from "../errors";
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

/** There is no world of this stack yet, or no longer. */
export class NotUp extends UserError {
  constructor(stack: string) {
    super(`The stack '${stack}' is not up. As soon as it is ('npx slipway up ${stack}'), it is shown here.`);
  }
}
