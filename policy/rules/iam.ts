import * as aws from "@pulumi/aws";
import { type ResourceValidationPolicy } from "@pulumi/policy";
import { allowing, list } from "../documents";
import { check, type Report } from "../rule";

/** Actions for which AWS knows no narrower resource than all of them, and that a stack needs. */
export const everywhere = new Set([
  "cloudwatch:PutMetricData",
  // of a Lambda in a VPC, whose network interfaces it cannot name
  ...["ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
  ...["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses"],
  "ecr:GetAuthorizationToken",
  // statements have no ARN; AWS shows a caller its own only
  ...["redshift-data:DescribeStatement", "redshift-data:GetStatementResult"],
  "sns:Unsubscribe", // nor has a subscription
  ...["xray:PutTelemetryRecords", "xray:PutTraceSegments"], // nor has a trace
]);

function narrow(document: unknown, report: Report): void {
  for (const { Action, NotAction, Resource, NotResource } of allowing(document)) {
    if (NotAction !== undefined) report("NotAction", NotAction, "list in Action what is allowed");
    if (NotResource !== undefined) report("NotResource", NotResource, "list in Resource what is allowed");
    for (const action of list(Action))
      if (action.includes("*")) report("Action", action, "list the actions that are needed");
    if (!list(Resource).includes("*")) continue;
    for (const action of list(Action).filter((one) => !one.includes("*") && !everywhere.has(one)))
      report("Resource", "*", `give ARNs to ${action}, or its reason in policy/rules/iam.ts`);
  }
}

/** What runs in a stack may do what it needs, to what it needs. */
export const noWildcards: ResourceValidationPolicy = {
  name: "no-wildcards-in-iam",
  description: "Permissions name actions and resources.",
  validateResource: [
    check(aws.iam.RolePolicy, ({ policy }, report) => narrow(policy, report)),
    check(aws.iam.Policy, ({ policy }, report) => narrow(policy, report)),
    check(aws.iam.RolePolicyAttachment, ({ policyArn }, report) => {
      if (/\/(AdministratorAccess|PowerUserAccess|\w*FullAccess)$/.test(policyArn))
        report("policyArn", policyArn, "write a policy of the actions that are needed");
    }),
  ],
};

/** People and workflows come with short-lived credentials (terraform-bootstrap). */
export const noLongLivedKeys: ResourceValidationPolicy = {
  name: "no-long-lived-keys",
  description: "There are roles, and no users with keys.",
  validateResource: [
    check(aws.iam.User, ({ name }, report) => report("user", name, "make a role that is assumed")),
    check(aws.iam.AccessKey, ({ user }, report) => report("user", user, "make a role that is assumed")),
  ],
};
