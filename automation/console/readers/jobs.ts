import {
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  DescribeTransformJobCommand,
  ListProcessingJobsCommand,
  ListTrainingJobsCommand,
  ListTransformJobsCommand,
  type SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { type Job, type JobKind } from "../sections";
import { type World } from "../world";

const mostOfAKind = 10;
const most = 15;

/** The stack's newest jobs, newest first. A job that has ended is asked about once. */
export class JobsReader {
  private readonly ended = new Map<string, Job>();

  async read({ clients: { sagemaker }, outputs: { jobPrefix } }: World): Promise<Job[]> {
    const found = await Promise.all(
      kinds.map(async (kind) => (await list[kind](sagemaker, jobPrefix)).map((name) => ({ kind, name }))),
    );
    const jobs = await Promise.all(found.flat().map(({ kind, name }) => this.look(sagemaker, kind, name)));
    return jobs.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)).slice(0, most);
  }

  private async look(client: SageMakerClient, kind: JobKind, name: string): Promise<Job> {
    const key = `${kind}/${name}`;
    const known = this.ended.get(key);
    if (known) return known;
    const job = await describe[kind](client, name);
    if (["Completed", "Failed", "Stopped"].includes(job.status)) this.ended.set(key, job);
    return job;
  }
}

const kinds: JobKind[] = ["processing", "training", "transform"];
const newestFirst = { SortBy: "CreationTime", SortOrder: "Descending", MaxResults: mostOfAKind } as const;
const named = (names: (string | undefined)[] = []) => names.filter((name) => name !== undefined);

/** The names of the newest jobs of a kind. */
const list: Record<JobKind, (client: SageMakerClient, NameContains: string) => Promise<string[]>> = {
  async processing(client, NameContains) {
    const found = await client.send(new ListProcessingJobsCommand({ NameContains, ...newestFirst }));
    return named(found.ProcessingJobSummaries?.map((job) => job.ProcessingJobName));
  },
  async training(client, NameContains) {
    const found = await client.send(new ListTrainingJobsCommand({ NameContains, ...newestFirst }));
    return named(found.TrainingJobSummaries?.map((job) => job.TrainingJobName));
  },
  async transform(client, NameContains) {
    const found = await client.send(new ListTransformJobsCommand({ NameContains, ...newestFirst }));
    return named(found.TransformJobSummaries?.map((job) => job.TransformJobName));
  },
};

const describe: Record<JobKind, (client: SageMakerClient, name: string) => Promise<Job>> = {
  async processing(client, name) {
    const job = await client.send(new DescribeProcessingJobCommand({ ProcessingJobName: name }));
    return row("processing", name, {
      status: job.ProcessingJobStatus,
      detail: job.ExitMessage ?? job.FailureReason,
      created: job.CreationTime,
      ended: job.ProcessingEndTime,
    });
  },
  async training(client, name) {
    const job = await client.send(new DescribeTrainingJobCommand({ TrainingJobName: name }));
    const metrics = (job.FinalMetricDataList ?? []).map(({ MetricName, Value }) => [MetricName, Value]);
    return row("training", name, {
      status: job.TrainingJobStatus,
      detail: job.FailureReason ?? job.SecondaryStatus,
      created: job.CreationTime,
      ended: job.TrainingEndTime,
      metrics: Object.fromEntries(metrics) as Record<string, number>,
    });
  },
  async transform(client, name) {
    const job = await client.send(new DescribeTransformJobCommand({ TransformJobName: name }));
    return row("transform", name, {
      status: job.TransformJobStatus,
      detail: job.FailureReason,
      created: job.CreationTime,
      ended: job.TransformEndTime,
    });
  },
};

interface Described {
  status?: string | undefined;
  detail?: string | undefined;
  created?: Date | undefined;
  ended?: Date | undefined;
  metrics?: Record<string, number>;
}

const row = (kind: JobKind, name: string, { status, detail, created, ended, metrics }: Described): Job => ({
  ...{ kind, name, status: status ?? "InProgress", detail: detail && detail !== status ? detail : "" },
  ...{ createdAt: created?.toISOString() ?? "", endedAt: ended?.toISOString() ?? null },
  metrics: metrics ?? {},
});
