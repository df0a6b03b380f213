import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** One statement of an IAM policy. Resources may still be unknown. */
export interface Statement {
  Sid?: string;
  Effect?: "Allow" | "Deny";
  Principal?: pulumi.Input<string> | Record<string, pulumi.Input<string> | pulumi.Input<string>[]>;
  Action: string | string[];
  Resource?: pulumi.Input<string | string[]> | pulumi.Input<string>[];
  Condition?: Record<string, Record<string, pulumi.Input<string> | pulumi.Input<string>[]>>;
}

/** An IAM policy document as JSON; a statement allows unless it says otherwise. */
export function policyDocument(statements: Statement[]): pulumi.Output<string> {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
  });
}

/**
 * Who may assume a role: one AWS service, acting for this account only.
 * The condition keeps other accounts' resources from using the role ("confused deputy",
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
 */
export function trustPolicy(service: string, accountId: pulumi.Input<string>): pulumi.Output<string> {
  return policyDocument([
    {
      Principal: { Service: service },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "aws:SourceAccount": accountId } },
    },
  ]);
}

/** What an IAM role is called in the names of the policies that others attach to it. */
export interface Grantee {
  role: aws.iam.Role;
  /** Short and unique among the grantees: `predict`, `jobs`. */
  label: string;
}

/** Attaches an inline policy `<resource>-<grantee>-<what>` with `statements` to the grantee's role. */
export function grant(
  name: string,
  { role, label }: Grantee,
  what: string,
  statements: Statement[],
  parent: pulumi.Resource,
): aws.iam.RolePolicy {
  return new aws.iam.RolePolicy(
    `${name}-${label}-${what}`,
    { role: role.name, policy: policyDocument(statements) },
    { parent },
  );
}
