import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  DeleteLogStreamCommand,
  DescribeLogStreamsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { type cloudwatch } from "@pulumi/aws";
import { resource } from "../shared/resource";

/** A stream is known by its own name, as in the real provider: the group is in the state. */
export const logStream = resource<cloudwatch.LogStreamArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 512 } },
    logGroupName: { required: true, replaces: true },
  },
  fromImportId(id) {
    const [logGroupName, name] = id.split(":");
    return { logGroupName, name, id: name! };
  },
  async create({ name, logGroupName }, call) {
    await call
      .client(CloudWatchLogsClient)
      .send(new CreateLogStreamCommand({ logGroupName, logStreamName: name }));
    return name!;
  },
  async read({ id, logGroupName }, call) {
    const { logStreams = [] } = await call
      .client(CloudWatchLogsClient)
      .send(new DescribeLogStreamsCommand({ logGroupName, logStreamNamePrefix: id }));
    const found = logStreams.find(({ logStreamName }) => logStreamName === id);
    return found && { name: id, logGroupName, arn: found.arn };
  },
  async delete({ id, logGroupName }, call) {
    await call
      .client(CloudWatchLogsClient)
      .send(new DeleteLogStreamCommand({ logGroupName, logStreamName: id }));
  },
});
