import { ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";
import { createInterface } from "node:readline/promises";
import { UserError } from "../errors";
import { interruptSignal } from "../interrupt";
import { type Output } from "../output";
import { type Outputs } from "../outputs";
import { createClients } from "../release/clients";
import { deleteEvaluationModels } from "../release/evaluation";
import { emptyRegistry } from "../release/registry";
import { type Changes, describeChanges, destroy as destroyStack, findWithOutputs } from "../stack";
import { isLaptopStack, openTarget } from "../target";
import { alone } from "./alone";

/** `slipway destroy` */
export const destroy = (stack: string, yes: boolean, output: Output) =>
  alone(stack, "destroy", () => run(stack, yes, output));

async function run(name: string, yes: boolean, output: Output): Promise<void> {
  const changes = await destroyWhole(name, output, async () => {
    if (!yes && !isLaptopStack(name)) await confirm(name);
  });
  answerDestroyed(name, changes, output);
}

/** Says what became of a stack that was to go. @param changes undefined when there was none. */
export const answerDestroyed = (name: string, changes: Changes | undefined, output: Output): void =>
  output.answer(
    { stack: name, destroyed: changes !== undefined, changes },
    changes
      ? `The stack ${name} is gone (${describeChanges(changes)}).`
      : `There is no stack '${name}': nothing to destroy.`,
  );

/**
 * Destroys a stack and what its releases have made; undefined when there is none of this name.
 * @param confirmed throws when it is not to be destroyed.
 */
export async function destroyWhole(
  name: string,
  output: Output,
  confirmed: () => Promise<void> = () => Promise.resolve(),
): Promise<Changes | undefined> {
  const target = await openTarget(name, output);
  const found = await findWithOutputs(name, target, output);
  if (!found) return undefined;
  const { stack, outputs } = found;
  const clients = outputs && createClients(target, outputs.region);
  if (outputs && clients) await refuseWithData(name, outputs, clients.s3);
  await confirmed();
  if (outputs && clients) {
    await emptyRegistry(clients.sagemaker, outputs.modelPackageGroup);
    await deleteEvaluationModels(clients.sagemaker, outputs.jobPrefix);
  }
  return destroyStack(stack, output);
}

/** Before anything is deleted: a stack that keeps its data would stop at the bucket, half destroyed. */
async function refuseWithData(
  name: string,
  { dataBucket, deleteDataOnDestroy }: Outputs,
  s3: S3Client,
): Promise<void> {
  if (deleteDataOnDestroy) return;
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: dataBucket, MaxKeys: 1 }));
  if (Versions.length === 0) return;
  throw new UserError(
    `The stack '${name}' keeps its data, and the bucket ${dataBucket} holds some: nothing was destroyed. Move the data ` +
      `elsewhere, or let it go: 'pulumi config set deleteDataOnDestroy true --stack ${name}', 'npx slipway up ${name}', ` +
      `then 'npx slipway destroy ${name}' again.`,
  );
}

async function confirm(name: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UserError(`Destroying '${name}' needs a yes. Run it in a terminal, or with --yes.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Type '${name}' to delete all that this stack has made: `, {
    signal: interruptSignal,
  });
  terminal.close();
  if (answer.trim() !== name)
    throw new UserError(`'${answer.trim()}' is not '${name}': nothing was destroyed.`);
}
