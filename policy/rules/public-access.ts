import * as aws from "@pulumi/aws";
import { type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { companionOf } from "../buckets";
import { allowing, list, type Statement } from "../documents";
import { check, type Report } from "../rule";

const everybody = ["0.0.0.0/0", "::/0"];

const isPublic = ({ Principal, Condition }: Statement) =>
  !Condition && (Principal === "*" || (typeof Principal === "object" && list(Principal.AWS).includes("*")));

/** No statement may let in everybody; a condition (this account, this rule) makes somebody of everybody. */
function closed(property: string, document: unknown, report: Report): void {
  for (const statement of allowing(document))
    if (isPublic(statement))
      report(`${property}.Principal`, "*", "name who may, or add a condition such as aws:SourceAccount");
}

/** The public comes in through the API alone. */
export const publicAccess: ResourceValidationPolicy = {
  name: "no-public-access",
  description: "Nothing but the API is open to the public.",
  validateResource: [
    check(aws.s3.Bucket, ({ acl }, report) => {
      if (acl?.startsWith("public")) report("acl", acl, "leave it out");
    }),
    check(aws.s3.BucketPublicAccessBlock, (block, report) => {
      const { blockPublicAcls, blockPublicPolicy, ignorePublicAcls, restrictPublicBuckets } = block;
      const parts = { blockPublicAcls, blockPublicPolicy, ignorePublicAcls, restrictPublicBuckets };
      for (const [property, value] of Object.entries(parts))
        if (value !== true) report(property, value, "write true");
    }),
    check(aws.s3.BucketPolicy, ({ policy }, report) => closed("policy", policy, report)),
    check(aws.sqs.QueuePolicy, ({ policy }, report) => closed("policy", policy, report)),
    check(aws.sns.TopicPolicy, ({ policy }, report) => closed("policy", policy, report)),
    check(aws.kms.Key, ({ policy }, report) => closed("policy", policy, report)),
    check(aws.iam.Role, ({ assumeRolePolicy }, report) =>
      closed("assumeRolePolicy", assumeRolePolicy, report),
    ),
    check(aws.lambda.Permission, ({ principal }, report) => {
      if (principal === "*") report("principal", principal, "name a service, with sourceArn, or an account");
    }),
    check(aws.lambda.FunctionUrl, ({ authorizationType }, report) => {
      if (authorizationType !== "AWS_IAM")
        report("authorizationType", authorizationType, "write 'AWS_IAM', or go through the API");
    }),
    check(aws.ec2.SecurityGroup, ({ ingress }, report) => {
      for (const { cidrBlocks = [], ipv6CidrBlocks = [] } of ingress ?? [])
        for (const range of [...cidrBlocks, ...ipv6CidrBlocks].filter((one) => everybody.includes(one)))
          report("ingress", range, "give a range of the VPC, or a security group");
    }),
    check(aws.vpc.SecurityGroupIngressRule, ({ cidrIpv4, cidrIpv6 }, report) => {
      for (const range of [cidrIpv4, cidrIpv6])
        if (range && everybody.includes(range))
          report("ingress", range, "give a range of the VPC, or a security group");
    }),
    check(aws.rds.Instance, ({ publiclyAccessible }, report) => {
      if (publiclyAccessible) report("publiclyAccessible", true, "write false");
    }),
    check(aws.redshiftserverless.Workgroup, ({ publiclyAccessible }, report) => {
      if (publiclyAccessible) report("publiclyAccessible", true, "write false");
    }),
  ],
};

/** What closes a bucket is a resource of its own, which may have been forgotten. */
export const bucketPublicAccess: StackValidationPolicy = {
  name: "bucket-public-access",
  description: "Each bucket is closed to the public.",
  validateStack: companionOf(aws.s3.Bucket, aws.s3.BucketPublicAccessBlock),
};
