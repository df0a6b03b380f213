import {
  ListProcessingJobsCommand,
  ListTrainingJobsCommand,
  ListTransformJobsCommand,
  type SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { UserError } from "../errors";
import { type Outputs } from "../outputs";
import { type Clients } from "../release/clients";

/** A part of the pipeline whose logs can be looked at. */
export interface Stage {
  name: string;
  group: string;
  /**
   * Of the stages that share their log group with other stacks: what the names of the newest job's streams begin with.
   * Undefined while there is no job.
   */
  newestJob?: () => Promise<string | undefined>;
}

const newest = { SortBy: "CreationTime", SortOrder: "Descending", MaxResults: 20 } as const;

/** The names of the newest jobs, by stage. */
const jobs: Record<
  string,
  (client: SageMakerClient, NameContains: string) => Promise<(string | undefined)[]>
> = {
  processing: async (client, NameContains) => {
    const found = await client.send(new ListProcessingJobsCommand({ ...newest, NameContains }));
    return (found.ProcessingJobSummaries ?? []).map(({ ProcessingJobName }) => ProcessingJobName);
  },
  training: async (client, NameContains) => {
    const found = await client.send(new ListTrainingJobsCommand({ ...newest, NameContains }));
    return (found.TrainingJobSummaries ?? []).map(({ TrainingJobName }) => TrainingJobName);
  },
  transform: async (client, NameContains) => {
    const found = await client.send(new ListTransformJobsCommand({ ...newest, NameContains }));
    return (found.TransformJobSummaries ?? []).map(({ TransformJobName }) => TransformJobName);
  },
};

/**
 * The stages of a stack that the user means: the one of this name, or all.
 * @throws UserError that names those that there are.
 */
export function stagesOf(
  stack: string,
  outputs: Outputs,
  clients: Clients,
  name: string | undefined,
): Stage[] {
  const { jobPrefix } = outputs;
  // A stack that an earlier version has brought up does not say.
  const { logGroups = {} } = (outputs.monitoring ?? {}) as Partial<Outputs["monitoring"]>;
  if (Object.keys(logGroups).length === 0) {
    throw new UserError(
      `The stack '${stack}' does not say where its logs are: an earlier version brought it up. Run 'npx slipway up ${stack}', then try again.`,
    );
  }
  const stages = Object.entries(logGroups).map(([stage, group]): Stage => {
    const list = jobs[stage];
    if (!list) return { name: stage, group };
    const newestJob = async () => {
      const names = await list(clients.sagemaker, jobPrefix);
      const found = names.find((one) => one?.startsWith(jobPrefix));
      return found && `${found}/`;
    };
    return { name: stage, group, newestJob };
  });
  if (name === undefined) return stages;
  const found = stages.find((stage) => stage.name === name);
  if (found) return [found];
  const names = stages.map((stage) => stage.name).sort();
  throw new UserError(
    `The stack '${stack}' has no logs of a stage '${name}'. There are: ${names.join(", ")}. Name one of them, or none for all.`,
  );
}
