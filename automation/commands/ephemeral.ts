import { moment } from "../../handlers/publish/figures";
import { configure, expireAt, listShortLived } from "../ephemeral/stacks";
import { type Swept, sweepStacks } from "../ephemeral/sweep";
import { UserError } from "../errors";
import { fitBody, hiddenMark } from "../github/body";
import { openRepository } from "../github/repository";
import { keepComment } from "../github/sticky";
import { code } from "../markdown";
import { type Output } from "../output";
import { playgroundUrl } from "../prediction";
import { sampleData } from "../project";
import { createClients } from "../release/clients";
import { landSample, readData } from "../sample";
import { describeChanges, selectStack, up as bringUp, workspace } from "../stack";
import { pullRequestStack } from "../stack-name";
import { openTarget } from "../target";
import { alone } from "./alone";
import { answerDestroyed, destroyWhole } from "./destroy";

export interface EphemeralOptions {
  /** Milliseconds. */
  ttl: number;
  /** Whether the pull request gets a comment. */
  comment?: boolean;
}

/** `slipway ephemeral up` */
export const up = (pullRequest: number, options: EphemeralOptions, output: Output) =>
  alone(pullRequestStack(pullRequest), "ephemeral up", () => bringUpFor(pullRequest, options, output));

async function bringUpFor(pullRequest: number, { ttl, comment }: EphemeralOptions, output: Output) {
  const repository = comment ? await openRepository() : undefined;
  const name = pullRequestStack(pullRequest);
  const target = await openTarget(name, output);
  await configure(await workspace(target, output, name), name);
  const stack = await selectStack(name, target, output);
  const expiresAt = new Date(Date.now() + ttl);
  await expireAt(stack, expiresAt);
  const { changes, outputs } = await bringUp(stack, output);
  await landSample(createClients(target, outputs.region).s3, outputs, readData(sampleData(outputs.problem)));
  const { predictionUrl } = outputs;
  const until = moment(expiresAt.toISOString());
  if (repository) {
    const mark = hiddenMark("stack", name);
    const text =
      `The stack ${code(name)} of this pull request is up until ${until}. It goes when this is closed or the label is taken ` +
      `away; a push renews it. Try it: ${playgroundUrl(predictionUrl)}`;
    const { change, url } = await keepComment(repository, pullRequest, mark, fitBody(mark, text, ""));
    output.note(`Comment ${change}: ${url}`);
  }
  output.answer(
    { stack: name, expiresAt: expiresAt.toISOString(), changes, predictionUrl },
    `The stack ${name} is up (${describeChanges(changes)}) until ${until}, with the sample of data/.\n` +
      `Prediction URL: ${predictionUrl}\nNext: npx slipway release ${name}`,
  );
}

/** `slipway ephemeral down` */
export const down = (pullRequest: number, output: Output) => {
  const name = pullRequestStack(pullRequest);
  return alone(name, "ephemeral down", async () => {
    answerDestroyed(name, await destroyWhole(name, output), output);
  });
};

/** `slipway ephemeral sweep` */
export async function sweep(output: Output): Promise<void> {
  const target = await openTarget(pullRequestStack(1), output); // all are where one of them is
  const stacks = await listShortLived(await workspace(target, output));
  const swept = await sweepStacks(stacks, new Date(), (name) =>
    alone(name, "ephemeral sweep", () => destroyWhole(name, output)),
  );
  output.answer(
    swept,
    swept.length > 0 ? swept.map(describe).join("\n") : "There is no stack of a pull request.",
  );
  const failed = swept.filter(({ outcome }) => outcome === "failed");
  if (failed.length > 0) {
    throw new UserError(
      `Not destroyed: ${failed.map(({ stack }) => stack).join(", ")}, for the reason above. Put it right, then run ` +
        "'npx slipway ephemeral sweep' again; what is there costs money until then.",
    );
  }
}

const describe = ({ stack, expiresAt, outcome, reason }: Swept) =>
  `${outcome.padEnd(9)} ${stack}, ${expiresAt ? `until ${moment(expiresAt)}` : "with no end"}${reason ? `: ${reason}` : ""}`;
