import { fitBody } from "../github/body";
import { type IssueText } from "../github/sticky";
import { code } from "../markdown";
import { resourceTable } from "./resources";

/** Where a stack, its program and the cloud are not the same. */
export interface Drift {
  stack: string;
  differs: boolean;
  /** Resources that are not as the stack's state has them. */
  cloud: string[];
  /** Resources that the program would change. */
  program: string[];
}

/** The issue about a stack that differs; undefined for one that does not. */
export function driftIssue({ stack, differs, cloud, program }: Drift, mark: string): IssueText | undefined {
  if (!differs) return undefined;
  const parts = [
    `The stack ${code(stack)} is not what the branch ${code(stack)} says. This issue is kept by the workflow \`drift\`, which closes it when they are the same again.`,
    ...(cloud.length > 0
      ? ["### Changed in the cloud, by something else than Slipway", resourceTable(cloud)]
      : []),
    ...(program.length > 0 ? ["### What a deployment would do", resourceTable(program)] : []),
    "### What to do",
    `- A change in the cloud that is wanted: put it into the program, and push.\n` +
      `- One that is not: run ${code(`npx slipway up ${stack}`)}, or the workflow \`deploy\` again. What the program says is put back, ` +
      `also where only the cloud differs, with ${code(`pulumi up --refresh --stack ${stack}`)}.`,
  ];
  const whole = `All of it: ${code(`npx slipway drift ${stack}`)}.`;
  return {
    title: `The stack ${stack} differs from its program`,
    body: fitBody(mark, parts.join("\n\n"), whole),
  };
}
