import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteQueryDefinitionCommand,
  DescribeQueryDefinitionsCommand,
  FilterLogEventsCommand,
  PutLogEventsCommand,
  PutQueryDefinitionCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { expect } from "chai";
import { clientConfig } from "../../../local/state";
import { startLocal, stopLocal } from "../../../local/supervisor/client";
import { services, type ServiceSettings } from "../../../local/supervisor/services";
import { failure, type Laptop, startLaptop } from "../laptop";

describe("CloudWatch Logs of the local cloud", function () {
  this.timeout(60_000);
  let laptop: Laptop;
  let logs: CloudWatchLogsClient;

  before(async () => {
    laptop = await startLaptop("cloud");
    logs = new CloudWatchLogsClient(clientConfig(laptop.state));
  });
  after(async () => laptop?.stop());

  it("keeps saved queries, also when it is started again", async () => {
    const query = { name: "slipway/dev/Slowest", queryString: "fields Latency", logGroupNames: ["/a"] };
    const { queryDefinitionId } = await logs.send(new PutQueryDefinitionCommand(query));
    await logs.send(new PutQueryDefinitionCommand({ ...query, name: "other" }));
    await logs.send(
      new PutQueryDefinitionCommand({ ...query, queryDefinitionId, queryString: "fields ModelTime" }),
    );
    await stopLocal(laptop.home);
    const cloud = (settings: ServiceSettings) => services(settings).filter(({ name }) => name === "cloud");
    logs = new CloudWatchLogsClient(clientConfig(await startLocal({ home: laptop.home, services: cloud })));
    const found = await logs.send(new DescribeQueryDefinitionsCommand({ queryDefinitionNamePrefix: "slip" }));
    expect(found.queryDefinitions).to.have.length(1);
    expect(found.queryDefinitions![0]).to.deep.include({
      ...{ ...query, queryDefinitionId, queryString: "fields ModelTime" },
    });
    await logs.send(new DeleteQueryDefinitionCommand({ queryDefinitionId }));
    const gone = await failure(logs.send(new DeleteQueryDefinitionCommand({ queryDefinitionId })));
    expect(gone.name).to.equal("ResourceNotFoundException");
  });

  it("finds log events by the prefix of their streams", async () => {
    const logGroupName = "/jobs";
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    for (const logStreamName of ["fit-1/algo-1", "fit-10/algo-1"]) {
      await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
      const logEvents = [{ timestamp: Date.now(), message: logStreamName }];
      await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
    }
    const messages = async (logStreamNamePrefix: string) => {
      const { events = [] } = await logs.send(
        new FilterLogEventsCommand({ logGroupName, logStreamNamePrefix }),
      );
      return events.map(({ message }) => message);
    };
    expect(await messages("fit-1/")).to.deep.equal(["fit-1/algo-1"]);
    expect(await messages("fit-1")).to.have.length(2);
    expect(await messages("clean-")).to.deep.equal([]);
  });
});
