import { type Invoke } from "../shared/server";
import { type AnyResourceType } from "../shared/resource";

type Table = Record<string, AnyResourceType>;

/** Where the types of each module of `@pulumi/aws` are. Loaded when first needed, with the AWS SDK's client. */
const tables: Record<string, () => Promise<{ types: Table }>> = {
  apigateway: () => import("./apigateway.js"),
  appautoscaling: () => import("./appautoscaling.js"),
  budgets: () => import("./budgets.js"),
  cloudwatch: () => import("./cloudwatch.js"),
  dynamodb: () => import("./dynamodb.js"),
  ec2: () => import("./ec2.js"),
  ecr: () => import("./ecr.js"),
  iam: () => import("./iam.js"),
  kinesis: () => import("./kinesis.js"),
  kms: () => import("./kms.js"),
  lambda: () => import("./lambda.js"),
  redshiftserverless: () => import("./redshiftserverless.js"),
  rds: () => import("./rds.js"),
  s3: () => import("./s3.js"),
  sagemaker: () => import("./sagemaker.js"),
  scheduler: () => import("./scheduler.js"),
  secretsmanager: () => import("./secretsmanager.js"),
  sns: () => import("./sns.js"),
  sqs: () => import("./sqs.js"),
  ssm: () => import("./ssm.js"),
  vpc: () => import("./ec2-security.js"),
};

/** `s3` of `aws:s3/bucket:Bucket`. */
const moduleOf = (token: string) => /^aws:([^/:]+)/.exec(token)?.[1] ?? "";

/** The resource type of this token, or undefined when the laptop target does not have it. */
export async function findType(token: string): Promise<AnyResourceType | undefined> {
  return (await tables[moduleOf(token)]?.())?.types[token];
}

/** The function of this token, or undefined when the laptop target does not have it. */
export async function findInvoke(token: string): Promise<Invoke | undefined> {
  const { invokes } = await import("./invokes.js");
  return invokes[token];
}
