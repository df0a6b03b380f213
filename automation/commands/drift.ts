import { driftIssue, type Drift } from "../report/drift-issue";
import { hiddenMark } from "../github/body";
import { openRepository } from "../github/repository";
import { keepIssue } from "../github/sticky";
import { type Output } from "../output";
import { preview, previewRefresh, requireStack } from "../stack";
import { openTarget } from "../target";

/** What the command exits with when a stack differs: as `diff` and `terraform plan -detailed-exitcode` do. */
const differsCode = 2;
const label = "drift";

/** `slipway drift` */
export async function drift(name: string, keepsIssue: boolean, output: Output): Promise<void> {
  const repository = keepsIssue ? await openRepository() : undefined;
  const target = await openTarget(name, output);
  const { stack } = await requireStack(name, target, output);
  const { resources: cloud } = await previewRefresh(stack, output);
  const { resources: program } = await preview(stack, output);
  const differs = cloud.length + program.length > 0;
  const found: Drift = { stack: name, differs, cloud, program };
  if (repository) {
    const mark = hiddenMark("drift", name);
    const closing = `The stack \`${name}\` is what its program says again.`;
    const written = await keepIssue(repository, label, mark, driftIssue(found, mark), closing);
    if (written) output.note(`Issue ${written.change}: ${written.url}`);
  }
  if (differs) process.exitCode = differsCode;
  output.answer(found, describe(found));
}

function describe({ stack, differs, cloud, program }: Drift): string {
  if (!differs) return `The stack ${stack} is what its program says, and so is the cloud.`;
  const section = (title: string, lines: string[]) =>
    lines.length > 0 ? [`\n${title}:`, ...lines.map((line) => `  ${line}`)] : [];
  return [
    `The stack ${stack} differs.`,
    ...section("Changed in the cloud, by something else than Slipway", cloud),
    ...section(`What 'npx slipway up ${stack}' would do`, program),
  ].join("\n");
}
