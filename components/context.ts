import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** Where a stack lives: what every component needs to name and tag its resources and to write ARNs. */
export interface Context {
  project: string;
  stack: string;
  accountId: string;
  region: string;
  /** `aws`, or that of another family of regions (`aws-cn`, `aws-us-gov`). */
  partition: string;
  tags: Record<string, string>;
}

/** Asks AWS where this stack lives. */
export async function readContext(): Promise<Context> {
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
  };
}

/** An ARN of this account and region. */
export function arn({ partition, region, accountId }: Context, service: string, resource: string): string {
  return `arn:${partition}:${service}:${region}:${accountId}:${resource}`;
}
