import { type Resource } from "../stack";

/** AWS services that have an icon, the ones that say most of a component first. */
export const services = {
  sagemaker: "SageMaker",
  apigateway: "API Gateway",
  s3: "S3",
  sns: "SNS",
  sqs: "SQS",
  kinesis: "Kinesis",
  dynamodb: "DynamoDB",
  rds: "RDS",
  redshift: "Redshift",
  ecr: "ECR",
  codepipeline: "CodePipeline",
  budgets: "Budgets",
  parameters: "Systems Manager",
  lambda: "Lambda",
  network: "VPC",
  kms: "KMS",
  eventbridge: "EventBridge",
  cloudwatch: "CloudWatch",
  iam: "IAM",
  other: "other resources",
} as const;

export type Service = keyof typeof services;

/** By the beginning of a resource's type; the first that fits counts. */
const byType: [beginning: string, service: Service][] = [
  ["aws:cloudwatch/event", "eventbridge"],
  ["aws:scheduler/", "eventbridge"],
  ["aws:cloudwatch/", "cloudwatch"],
  ["aws:appautoscaling/", "sagemaker"],
  ["aws:sagemaker/", "sagemaker"],
  ["aws:apigateway/", "apigateway"],
  ["aws:lambda/", "lambda"],
  ["aws:s3/", "s3"],
  ["aws:kinesis/", "kinesis"],
  ["aws:dynamodb/", "dynamodb"],
  ["aws:rds/", "rds"],
  ["aws:redshift", "redshift"],
  ["aws:ecr/", "ecr"],
  ["awsx:ecr:", "ecr"],
  ["docker:", "ecr"],
  ["aws:sqs/", "sqs"],
  ["aws:sns/", "sns"],
  ["aws:code", "codepipeline"],
  ["aws:budgets/", "budgets"],
  ["aws:ssm/", "parameters"],
  ["aws:ec2/", "network"],
  ["awsx:ec2:", "network"],
  ["aws:vpc/", "network"],
  ["aws:kms/", "kms"],
  ["aws:iam/", "iam"],
];

/** The services that the resources are of or act for, the ones that say most first. */
export function servicesOf(resources: Resource[]): Service[] {
  const found = new Set(resources.flatMap((resource) => [serviceOf(resource.type), ...actingFor(resource)]));
  return (Object.keys(services) as Service[]).filter((service) => found.has(service));
}

const serviceOf = (type: string): Service =>
  byType.find(([beginning]) => type.startsWith(beginning))?.[1] ?? "other";

/** A role says which service may assume it: so the jobs of a release, which are no resources, show SageMaker. */
function actingFor({ inputs: { assumeRolePolicy } }: Resource): Service[] {
  if (typeof assumeRolePolicy !== "string") return [];
  const named = [...assumeRolePolicy.matchAll(/"([a-z]+)\.amazonaws\.com"/g)].map(([, name]) => name!);
  return named.filter((name): name is Service => name in services);
}
