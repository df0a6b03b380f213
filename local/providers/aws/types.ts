import { type Invoke } from "../shared/server";
import { type AnyResourceType } from "../shared/resource";

type Table = Record<string, AnyResourceType>;

/** Where the types of each module of `@pulumi/aws` are. Loaded when first needed, with the AWS SDK's client. */
const tables: Record<string, () => Promise<{ types: Table }>> = {
  apigateway: () => import("./apigateway.ts"),
  appautoscaling: () => import("./appautoscaling.ts"),
  budgets: () => import("./budgets.ts"),
  cloudwatch: () => import("./cloudwatch.ts"),
  dynamodb: () => import("./dynamodb.ts"),
  ec2: () => import("./ec2.ts"),
  ecr: () => import("./ecr.ts"),
  iam: () => import("./iam.ts"),
  kinesis: () => import("./kinesis.ts"),
  kms: () => import("./kms.ts"),
  lambda: () => import("./lambda.ts"),
  redshiftserverless: () => import("./redshiftserverless.ts"),
  rds: () => import("./rds.ts"),
  s3: () => import("./s3.ts"),
  sagemaker: () => import("./sagemaker.ts"),
  scheduler: () => import("./scheduler.ts"),
  secretsmanager: () => import("./secretsmanager.ts"),
  sns: () => import("./sns.ts"),
  sqs: () => import("./sqs.ts"),
  ssm: () => import("./ssm.ts"),
  vpc: () => import("./ec2-security.ts"),
};

/** `s3` of `aws:s3/bucket:Bucket`. */
const moduleOf = (token: string) => /^aws:([^/:]+)/.exec(token)?.[1] ?? "";

/** The resource type of this token, or undefined when the laptop target does not have it. */
export async function findType(token: string): Promise<AnyResourceType | undefined> {
  return (await tables[moduleOf(token)]?.())?.types[token];
}

/** The function of this token, or undefined when the laptop target does not have it. */
export async function findInvoke(token: string): Promise<Invoke | undefined> {
  const { invokes } = await import("./invokes.ts");
  return invokes[token];
}
