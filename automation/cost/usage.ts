import { type StackConfig } from "../stack-config";
import { type Resource } from "../stack";
import { total, type Use } from "./prices";
import { watching } from "./watching";

const predictSeconds = 0.05;
const serveSeconds = 0.03;
const logBytes = 1000;
const jobMinutes = 5;
/** `Latency`, `ModelTime`, `QueueTime`, `Instances`. */
const predictMetrics = 4;

/** What use costs beside what is always there, from the stack's own settings and memory sizes. */
export function usage(resources: Resource[], config: StackConfig, project: string): Use[] {
  const setting = (name: string) => config[`${project}:${name}`];
  const serverless = setting("endpoint") === "serverless";
  const lambdaGb = lambdaGbOf("api-predict", resources) ?? 0.5;
  const modelGb = Number(setting("serverlessMemoryInMb")) / 1024;
  const predictions = total(1000, [
    ["api.request", 1],
    ["lambda.request", 1],
    ["lambda.arm", lambdaGb * predictSeconds],
    ["sqs.request", 3], // sent, received, deleted
    ["logs.ingestion", logBytes / 1e9],
    ...(serverless ? ([["sagemaker.serverless", modelGb * serveSeconds]] as [string, number][]) : []),
  ]);
  const training = String(setting("trainingInstanceType"));
  const hosts = Number(setting("trainingInstanceCount"));
  const model = serverless ? `, ${serveSeconds * 1000} ms of the container's ${modelGb} GB` : "";
  return [
    {
      per: "1,000 predictions",
      dollars: predictions,
      assuming: `one record a request, ${predictSeconds * 1000} ms of a Lambda with ${lambdaGb} GB${model}, 1 KB of logs`,
    },
    {
      per: "release that trains",
      dollars: total(1, [[`sagemaker.${training}`, ((2 * hosts + 2) * jobMinutes) / 60]]),
      assuming: `processing and training on ${hosts} x ${training}, two evaluations, ${jobMinutes} minutes each`,
    },
    { per: "1,000 emails", dollars: total(1000, [["sns.email", 1]]), assuming: "one message, one address" },
    {
      per: "GB of data and models kept a month",
      dollars: total(1, [["s3.storage", 1]]),
      assuming: "S3 Standard",
    },
    {
      per: "GB of images kept a month",
      dollars: total(1, [["ecr.storage", 1]]),
      assuming: "ECR keeps the 30 newest",
    },
    {
      per: "month with predictions in each of its hours",
      dollars: total(1, [["cloudwatch.metric", predictMetrics]]),
      assuming: `${predictMetrics} metrics of the predict Lambda`,
    },
    ...watching(setting, lambdaGbOf("monitor-look", resources)),
  ];
}

/** Memory of the Lambda whose name in the program begins so. */
function lambdaGbOf(name: string, resources: Resource[]): number | undefined {
  const found = resources.find(
    ({ type, urn }) => type === "aws:lambda/function:Function" && urn.split("::").at(-1)!.startsWith(name),
  );
  return found && Number(found.inputs.memorySize) / 1024;
}
