import {
  CloudWatchLogsClient,
  DeleteQueryDefinitionCommand,
  DescribeQueryDefinitionsCommand,
  PutQueryDefinitionCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { type cloudwatch } from "@pulumi/aws";
import { type Call, type Inputs, resource } from "../shared/resource";

async function putQuery(
  { name, queryString, logGroupNames }: Inputs<cloudwatch.QueryDefinitionArgs>,
  queryDefinitionId: string | undefined,
  call: Call,
): Promise<string> {
  const put = new PutQueryDefinitionCommand({ name, queryString, logGroupNames, queryDefinitionId });
  const made = await call.client(CloudWatchLogsClient).send(put);
  return made.queryDefinitionId!;
}

/** A saved query of Logs Insights. Its id is of AWS's making. */
export const queryDefinition = resource<cloudwatch.QueryDefinitionArgs>({
  inputs: {
    name: { autoName: { maxLength: 255 } },
    queryString: { required: true },
    logGroupNames: {},
  },
  outputs: ["queryDefinitionId"],
  fromImportId: (arn) => ({ id: arn.split(":").at(-1)! }),
  create: (inputs, call) => putQuery(inputs, undefined, call),
  async read({ id }, call) {
    const client = call.client(CloudWatchLogsClient);
    for (let nextToken: string | undefined; ;) {
      const page = await client.send(new DescribeQueryDefinitionsCommand({ nextToken }));
      const found = page.queryDefinitions?.find(({ queryDefinitionId }) => queryDefinitionId === id);
      if (found) {
        const { name, queryString, logGroupNames } = found;
        const arn = `arn:aws:logs:${call.region}:${await call.accountId()}:query-definition:${id}`;
        return { name, queryString, logGroupNames, queryDefinitionId: id, arn };
      }
      nextToken = page.nextToken;
      if (nextToken === undefined) return undefined;
    }
  },
  async update(now, call) {
    await putQuery(now, now.id, call);
  },
  async delete({ id }, call) {
    const gone = new DeleteQueryDefinitionCommand({ queryDefinitionId: id });
    await call.client(CloudWatchLogsClient).send(gone);
  },
});
