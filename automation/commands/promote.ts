import { UserError } from "../errors";
import { type Output } from "../output";
import { createContext, type ReleaseContext } from "../release/context";
import { servedRecord } from "../release/diff";
import {
  acceptedOfWorkingTree,
  isOfWorkingTree,
  promote as promoteRelease,
  serveAgain,
  servedRelease,
} from "../release/promote";
import { type ReleaseResult } from "../release/release";
import { findWithOutputs, requireStack, selectStack, up } from "../stack";
import { openTarget } from "../target";
import { alone } from "./alone";
import { answer, makeHere } from "./release";

/** `slipway promote` */
export const promote = (from: string, to: string, output: Output) =>
  alone(to, "promote", async () => {
    refuseItself(from, to);
    const target = await openTarget(from, output);
    const { stack, outputs } = await requireStack(from, target, output);
    answer(to, await bringOver(createContext(stack, outputs, target, output), to, output), output);
  });

/** `slipway release <to> --from <from>` */
export const releaseFrom = (from: string, to: string, output: Output) =>
  alone(to, "release", async () => {
    refuseItself(from, to);
    const source = await findContext(from, output);
    const served = source && (await servedRecord(source));
    if (source && served && isOfWorkingTree(served, source)) {
      output.note(`The stack ${from} serves release ${served.id}, which is made of what is here.`);
      return answer(to, await bringOver(source, to, output), output);
    }
    const own = await findContext(to, output);
    const known = own && (await acceptedOfWorkingTree(own));
    if (known) {
      output.note(`The stack ${to} has release ${known.id}, which is made of what is here.`);
      return answer(to, await serveAgain(await bringUp(to, output), known), output);
    }
    output.note(`Neither ${from} nor ${to} has a release that is made of what is here: it is made now.`);
    return makeHere(to, output);
  });

function refuseItself(from: string, to: string): void {
  if (from !== to) return;
  throw new UserError(
    `A stack is not promoted to itself. Name where '${from}' is to go: 'npx slipway promote dev main'.`,
  );
}

async function bringOver(source: ReleaseContext, to: string, output: Output): Promise<ReleaseResult> {
  const record = await servedRelease(source); // before anything is changed
  return promoteRelease(source, record, await bringUp(to, output));
}

async function bringUp(name: string, output: Output): Promise<ReleaseContext> {
  const target = await openTarget(name, output);
  const stack = await selectStack(name, target, output);
  const { outputs } = await up(stack, output);
  return createContext(stack, outputs, target, output);
}

/** A stack as it is; undefined when it is not up. */
async function findContext(name: string, output: Output): Promise<ReleaseContext | undefined> {
  const target = await openTarget(name, output);
  const { stack, outputs } = (await findWithOutputs(name, target, output)) ?? {};
  return stack && outputs && createContext(stack, outputs, target, output);
}
