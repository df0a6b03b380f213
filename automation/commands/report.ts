import { fitBody, hiddenMark } from "../github/body";
import { openRepository } from "../github/repository";
import { keepComment } from "../github/sticky";
import { code } from "../markdown";
import { type Output } from "../output";
import { failuresOf, gatherReport } from "../report/gather";
import { reportMarkdown } from "../report/markdown";

/** `slipway report` */
export async function report(name: string, pullRequest: number | undefined, output: Output): Promise<void> {
  // What is missing for the comment shows before the long work.
  const repository = pullRequest === undefined ? undefined : await openRepository();
  const found = await gatherReport(name, output);
  const markdown = reportMarkdown(found);
  if (repository && pullRequest !== undefined) {
    const mark = hiddenMark("report", name);
    const body = fitBody(mark, markdown, `All of it: ${code(`npx slipway report ${name}`)}.`);
    const { change, url } = await keepComment(repository, pullRequest, mark, body);
    output.note(`Comment ${change}: ${url}`);
  }
  output.answer(found, markdown);
  if (failuresOf(found).length > 0) process.exitCode = 1;
}
