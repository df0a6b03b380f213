import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";
import { policyDocument } from "../shared/policy";
import { requireProperty } from "../shared/validation";
import { type ModelEndpoint } from "./model-endpoint";

export interface DataScientistsArgs {
  context: Context;
  endpoint: ModelEndpoint;
  /**
   * ARNs of the users and roles that may assume the role; with none, whoever in this account is allowed to by a
   * policy of their own.
   */
  principals: string[];
}

const principalArn = /^arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)\/[\w+=,.@/-]+)$/;

/** The role of those who call the endpoint themselves: it may describe and invoke it, and nothing else. */
export class DataScientists extends pulumi.ComponentResource {
  readonly role: aws.iam.Role;

  constructor(name: string, args: DataScientistsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("slipway:access:DataScientists", name, {}, opts);
    const { context, endpoint, principals } = args;
    for (const principal of principals) {
      requireProperty(
        principalArn.test(principal),
        "dataScientists",
        principal,
        "write ARNs of IAM users or roles, such as arn:aws:iam::123456789012:role/analyst",
      );
    }
    const account = `arn:${context.partition}:iam::${context.accountId}:root`;
    this.role = new aws.iam.Role(
      `${name}-role`,
      {
        description: `Describes and invokes ${endpoint.endpointName}, and nothing else`,
        assumeRolePolicy: policyDocument([
          { Principal: { AWS: principals.length > 0 ? principals : [account] }, Action: "sts:AssumeRole" },
        ]),
        tags: context.tags,
      },
      { parent: this },
    );
    const grantee = { role: this.role, label: "data-scientists" };
    endpoint.grantInvoke(grantee);
    endpoint.grantDescribe(grantee);
    this.registerOutputs({ roleArn: this.role.arn });
  }
}
