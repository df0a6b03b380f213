import { DescribeRegionsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { GetParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { type Finding, unknown } from "./finding";
import { type Place } from "./stack";

/** Services of every stack, as AWS's list of its regions names them. */
const everyStack = [...["apigateway", "cloudwatch", "dynamodb", "ecr", "lambda", "sagemaker", "sns", "sqs"]];
/** What sources need beside these, by their kind. */
const bySource: Record<string, string[]> = {
  kinesis: ["kinesis", "firehose"],
  rds: ["rds", "secretsmanager"],
  redshift: ["redshift"],
};

/** Whether the account may use the stack's region, and whether the region has what the stack is made of. */
export async function checkRegion(place: Place): Promise<Finding[]> {
  return [await checkEnabled(place), await checkServices(place)];
}

async function checkEnabled({ region }: Place): Promise<Finding> {
  const what = "Region";
  const fix = `Enable it (AWS console, Account, AWS Regions), or set another: 'pulumi config set aws:region us-east-1'`;
  try {
    const { Regions = [] } = await new EC2Client({ region }).send(
      new DescribeRegionsCommand({ AllRegions: true }),
    );
    const status = Regions.find(({ RegionName }) => RegionName === region)?.OptInStatus ?? "unknown to AWS";
    const ok = ["opt-in-not-required", "opted-in"].includes(status);
    return { what, ok, found: `${region}, ${ok ? "enabled" : status}`, needed: true, fix };
  } catch (error) {
    return unknown(what, error as Error, fix);
  }
}

/** AWS publishes as parameters which region has which service: ten can be asked for at a time. */
async function checkServices({ region, config, project }: Place): Promise<Finding> {
  const what = "Services";
  const fix = `Use a region that has them: https://aws.amazon.com/about-aws/global-infrastructure/regional-product-services`;
  const sources = Object.values((config[`${project}:sources`] ?? {}) as Record<string, { kind: string }>);
  const wanted = [...new Set([...everyStack, ...sources.flatMap(({ kind }) => bySource[kind] ?? [])])];
  const client = new SSMClient({ region });
  const nameOf = (service: string) =>
    `/aws/service/global-infrastructure/services/${service}/regions/${region}`;
  try {
    const missing: string[] = [];
    for (let at = 0; at < wanted.length; at += 10) {
      const asked = wanted.slice(at, at + 10);
      const answer = await client.send(new GetParametersCommand({ Names: asked.map(nameOf) }));
      missing.push(...asked.filter((service) => answer.InvalidParameters?.includes(nameOf(service))));
    }
    if (missing.length === wanted.length) {
      const found = `not known: there is no list of the services of ${region}`; // of which every region has some
      return { what, ok: false, found, needed: false, fix };
    }
    const found = missing.length
      ? `${region} has no ${missing.join(", ")}`
      : `${region} has all ${wanted.length}`;
    return { what, ok: missing.length === 0, found, needed: true, fix };
  } catch (error) {
    return unknown(what, error as Error, fix);
  }
}
