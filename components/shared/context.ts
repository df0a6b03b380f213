import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { problemFault, standardProblem } from "./problem";
import { requireProperty } from "./validation";

/** Where a stack lives: what every component needs to name and tag its resources and to write ARNs. */
export interface Context {
  project: string;
  stack: string;
  accountId: string;
  region: string;
  /** `aws`, or that of another family of regions (`aws-cn`, `aws-us-gov`). */
  partition: string;
  tags: Record<string, string>;
  /** The folder that says what is predicted, and from what: see `standardProblem`. */
  problem: string;
}

/** Asks AWS where this stack lives, and the configuration what it is for. */
export async function readContext(): Promise<Context> {
  // Other programs than this project's, which has a default in Pulumi.yaml, may use the components.
  const problem = new pulumi.Config().get("problem") ?? standardProblem;
  const fault = problemFault(problem);
  requireProperty(fault === undefined, "problem", problem, fault ?? "");
  const [identity, region, partition] = await Promise.all([
    aws.getCallerIdentity(),
    aws.getRegion(),
    aws.getPartition(),
  ]);
  const project = pulumi.getProject();
  const stack = pulumi.getStack();
  return {
    project,
    stack,
    accountId: identity.accountId,
    region: region.region,
    partition: partition.partition,
    tags: { Project: project, Stack: stack, ManagedBy: "pulumi" },
    problem,
  };
}

/** An ARN of this account and region. */
export function arn({ partition, region, accountId }: Context, service: string, resource: string): string {
  return `arn:${partition}:${service}:${region}:${accountId}:${resource}`;
}
