/**
 * 1 million trips from the laptop's Redshift: UNLOAD, and the ingest Lambda's code that lands the files, in this process.
 * Prints rows a second, and the most memory that the Lambda's code and the local Redshift had.
 *
 *     npx tsx bench/sources/redshift.ts [rows]
 */
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import {
  CreateNamespaceCommand,
  CreateWorkgroupCommand,
  RedshiftServerlessClient,
} from "@aws-sdk/client-redshift-serverless";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type IngestResult } from "../../handlers/shared/landing/landing";
import { clientConfig, clientEnvironment } from "../../local/state";
import { localStatus } from "../../local/supervisor/client";
import { type Laptop, startLaptop } from "../../test/local/laptop";

const rows = Number(process.argv[2] ?? 1_000_000);
const Bucket = "slipway-bench";
const megabytes = (kilobytes: number) => `${Math.round(kilobytes / 1024)} MB`;

/** The most memory that a process and its children have had, in kilobytes (Linux). */
function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const own = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return Math.max(own, ...children.map((child) => peakMemory(Number(child))));
}

async function unloadRole({ state }: Laptop): Promise<string> {
  const iam = new IAMClient(clientConfig(state));
  const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const Principal = { Service: "redshift.amazonaws.com" };
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: "unload",
      AssumeRolePolicyDocument: document({ Effect: "Allow", Principal, Action: "sts:AssumeRole" }),
    }),
  );
  const Resource = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/incoming/*`];
  const PolicyDocument = document({ Effect: "Allow", Action: ["s3:ListBucket", "s3:PutObject"], Resource });
  await iam.send(new PutRolePolicyCommand({ RoleName: "unload", PolicyName: "all", PolicyDocument }));
  return Role!.Arn!;
}

async function fill(laptop: Laptop, roleArn: string): Promise<void> {
  const serverless = new RedshiftServerlessClient(clientConfig(laptop.state, "redshift-serverless"));
  const names = { namespaceName: "bench", workgroupName: "bench" };
  await serverless.send(new CreateNamespaceCommand({ ...names, iamRoles: [roleArn] }));
  await serverless.send(new CreateWorkgroupCommand({ ...names, baseCapacity: 8 }));
  const data = new RedshiftDataClient(clientConfig(laptop.state, "redshift-data"));
  const Sql = `create table trips as select timestamp '2019-03-01' + interval (i) second as pickup, (i % 6)::int as passengers,
    round(random() * 20, 2)::decimal(6,2) as distance, round(3 + random() * 60, 2)::decimal(8,2) as fare,
    case when i % 4 = 0 then 'green' else 'yellow' end as color, 'Zone ' || (i % 260) as pickup_zone,
    round(random() * 9, 2)::decimal(8,2) as tip from generate_series(1, ${rows}) t(i)`;
  const { Id } = await data.send(
    new ExecuteStatementCommand({ Sql, WorkgroupName: "bench", Database: "dev" }),
  );
  for (;;) {
    const { Status, Error: problem } = await data.send(new DescribeStatementCommand({ Id }));
    if (problem) throw new Error(problem);
    if (Status === "FINISHED") return;
    await sleep(100);
  }
}

/** One run of the Lambda's own code, bundled with nothing. */
async function ingest(laptop: Laptop, roleArn: string): Promise<IngestResult> {
  const { QueueUrl } = await new SQSClient(clientConfig(laptop.state)).send(
    new CreateQueueCommand({ QueueName: "results" }),
  );
  const settings = {
    ...{ query: "select * from trips", watermark: "pickup", overlapSeconds: 0, roleArn },
    ...{ keyArn: "arn:aws:kms:us-east-1:000000000000:key/bench", database: "dev", workgroupArn: "bench" },
  };
  Object.assign(process.env, clientEnvironment(laptop.state), {
    ...{ STACK: "bench", SOURCE: "orders", DATA_BUCKET: Bucket, RESULTS_QUEUE_URL: QueueUrl },
    SETTINGS: JSON.stringify(settings),
  });
  const { handler } = await import("../../handlers/ingest-redshift/index.ts");
  return handler({ action: "run" }, { getRemainingTimeInMillis: () => 900_000 });
}

async function main(): Promise<void> {
  const laptop = await startLaptop("cloud", "redshift");
  try {
    await new S3Client(clientConfig(laptop.state, "s3")).send(new CreateBucketCommand({ Bucket }));
    const roleArn = await unloadRole(laptop);
    const found = await localStatus(laptop.home);
    const { pid = 0 } = found?.status.services.find(({ name }) => name === "redshift") ?? {};
    console.log(`local Redshift, before its first statement: ${megabytes(peakMemory(pid))}`);
    await fill(laptop, roleArn);
    const filled = peakMemory(pid);
    const start = performance.now();
    const { landed } = await ingest(laptop, roleArn);
    const seconds = (performance.now() - start) / 1000;
    const total = landed.reduce((sum, one) => sum + one.rows, 0);
    if (total !== rows) throw new Error(`${total} of ${rows} rows have landed`);
    const bytes = landed.reduce((sum, one) => sum + one.bytes, 0);
    console.log(
      `${rows} rows in ${seconds.toFixed(1)} s: ${Math.round(rows / seconds)} rows/s, ${megabytes(bytes / 1024)} of Parquet`,
    );
    console.log(`most memory: ingest ${megabytes(process.resourceUsage().maxRSS)}`);
    console.log(
      `most memory: local Redshift ${megabytes(peakMemory(pid))} (after filling the table: ${megabytes(filled)})`,
    );
  } finally {
    await laptop.stop();
  }
}

void main();
