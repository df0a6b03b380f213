import {
  CloudWatchClient,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from "@aws-sdk/client-cloudwatch";
import {
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  DeleteEndpointConfigCommand,
  type DeploymentConfig,
  DescribeEndpointCommand,
  type DescribeEndpointCommandOutput,
  UpdateEndpointCommand,
  UpdateEndpointWeightsAndCapacitiesCommand,
} from "@aws-sdk/client-sagemaker";
import { type ModelError } from "@aws-sdk/client-sagemaker-runtime";
import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { clientConfig } from "../../../local/state";
import { failure } from "../laptop";
import {
  type Target,
  createConfig,
  createRole,
  endpointSettled,
  invoke,
  killServer,
  listen,
  runnerPolicy,
  target,
  train,
  until,
} from "./target";

/** What EventBridge tells of an endpoint. */
interface State {
  EndpointStatus: string;
  LastModifiedTime: number;
}

/** A client that asks all the time, and what came of it. */
class Caller {
  readonly answers: { release: string; at: number }[] = [];
  readonly failures: { message: string; isModelError: boolean }[] = [];
  private asking = true;
  private readonly done: Promise<unknown>;

  constructor(
    private readonly made: Target,
    private readonly endpoint: string,
    atOnce = 4,
  ) {
    this.done = Promise.all(Array.from({ length: atOnce }, () => this.ask()));
  }

  async stop(): Promise<void> {
    this.asking = false;
    await this.done;
  }

  releases(since = 0): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { release, at } of this.answers) if (at >= since) counts[release] = (counts[release] ?? 0) + 1;
    return counts;
  }

  private async ask(): Promise<void> {
    while (this.asking) {
      const at = Date.now();
      await invoke(this.made, this.endpoint).then(
        ({ release }) => this.answers.push({ release, at }),
        (error: ModelError) =>
          this.failures.push({ message: error.message, isModelError: error.name === "ModelError" }),
      );
    }
  }
}

describe("deployments on the local SageMaker", function () {
  this.timeout(120_000);
  let made: Target;
  let cloudWatch: CloudWatchClient;
  let modelUrl = "";

  before(async () => {
    made = await target();
    cloudWatch = new CloudWatchClient(clientConfig(made.laptop.state));
    const alarms = { Effect: "Allow", Action: "cloudwatch:DescribeAlarms", Resource: alarmArn("guard-*") };
    made = { ...made, roleArn: await createRole(made, "guarded-runner", [...runnerPolicy, alarms]) };
    const job = await train(made, "for-deployments");
    modelUrl = job.ModelArtifacts?.S3ModelArtifacts ?? "";
    await createConfig(made, "blue", modelUrl);
    await createConfig(made, "green", modelUrl);
    await createConfig(made, "confused", modelUrl, { environment: { ONE_FAILS_IN: "4" } });
  });

  const alarmArn = (name: string) => `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${name}`;

  const putAlarm = (changes: Partial<PutMetricAlarmCommandInput> & { AlarmName: string }) =>
    cloudWatch.send(
      new PutMetricAlarmCommand({
        ...{ Namespace: "AWS/SageMaker", MetricName: "Invocation5XXErrors", Statistic: "Average" },
        ...{ Period: 10, EvaluationPeriods: 1, Threshold: 0.05, TreatMissingData: "notBreaching" },
        ComparisonOperator: "GreaterThanThreshold",
        ...changes,
      }),
    );

  /** An alarm on server errors of one endpoint's one configuration, as AWS has a dimension for. */
  const guard = async (endpoint: string, config: string) => {
    const AlarmName = `guard-${endpoint}`;
    const dimension = (Name: string, Value: string) => ({ Name, Value });
    const Dimensions = [
      dimension("EndpointName", endpoint),
      dimension("VariantName", "AllTraffic"),
      dimension("EndpointConfigName", config),
    ];
    await putAlarm({ AlarmName, Dimensions });
    return AlarmName;
  };

  const canary = (alarm?: string, percent = 30, seconds = 3): DeploymentConfig => ({
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: {
        ...{ Type: "CANARY", CanarySize: { Type: "CAPACITY_PERCENT", Value: percent } },
        WaitIntervalInSeconds: seconds,
      },
      ...{ TerminationWaitInSeconds: 0, MaximumExecutionTimeoutInSeconds: 600 },
    },
    ...(alarm ? { AutoRollbackConfiguration: { Alarms: [{ AlarmName: alarm }] } } : {}),
  });

  const create = async (name: string, EndpointConfigName = "blue") => {
    await made.sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName }));
    return endpointSettled(made, name);
  };
  const update = (EndpointName: string, EndpointConfigName: string, DeploymentConfig?: DeploymentConfig) =>
    made.sagemaker.send(new UpdateEndpointCommand({ EndpointName, EndpointConfigName, DeploymentConfig }));
  const description = (EndpointName: string) =>
    made.sagemaker.send(new DescribeEndpointCommand({ EndpointName }));

  /** All states that an endpoint goes through until nothing is being done to it. */
  async function watch(name: string): Promise<DescribeEndpointCommandOutput[]> {
    const seen: DescribeEndpointCommandOutput[] = [];
    for (;;) {
      const now = await description(name);
      seen.push(now);
      if (now.EndpointStatus === "InService" || now.EndpointStatus === "Failed") return seen;
      await sleep(50);
    }
  }
  const statuses = (seen: DescribeEndpointCommandOutput[]) =>
    seen
      .map(({ EndpointStatus }) => EndpointStatus)
      .filter((status, index, all) => status !== all[index - 1]);
  const stages = (seen: DescribeEndpointCommandOutput[]) =>
    seen
      .map((one) => one.PendingDeploymentSummary?.ProductionVariants?.[0])
      .map((variant) => variant && `${variant.VariantStatus?.[0]?.Status} ${variant.CurrentWeight}`)
      .filter((stage, index, all) => stage && stage !== all[index - 1] && !stage.startsWith("Activating"));

  /** The states that EventBridge tells of an endpoint from now on: also one that is over before somebody asks. */
  async function statesTold(EndpointName: string): Promise<() => Promise<string[]>> {
    const heard = await listen<State>(made, `states-${EndpointName}`, {
      ...{ source: ["aws.sagemaker"], "detail-type": ["SageMaker Endpoint State Change"] },
      detail: { EndpointName: [EndpointName] },
    });
    return async () => {
      const told: State[] = [];
      const isOver = () => told.some(({ EndpointStatus }) => EndpointStatus === "IN_SERVICE");
      for (let more = true; more || !isOver();) {
        const events = await heard();
        told.push(...events.map(({ detail }) => detail));
        more = events.length > 0;
      }
      told.sort((one, other) => one.LastModifiedTime - other.LastModifiedTime);
      return told.map(({ EndpointStatus }) => EndpointStatus);
    };
  }

  it("bakes a canary, then moves over, and fails no request", async () => {
    await create("healthy");
    const alarm = await guard("healthy", "green");
    const caller = new Caller(made, "healthy");
    await update("healthy", "green", canary(alarm));
    const seen = await watch("healthy");
    const over = Date.now();
    await until(
      () => Promise.resolve(caller.releases(over)),
      ({ green = 0 }) => green > 100 && caller.answers.length > 1000,
    );
    await caller.stop();
    expect(caller.failures).to.deep.equal([]);
    expect(statuses(seen)).to.deep.equal(["Updating", "InService"]);
    expect(stages(seen)).to.deep.equal(["Creating 0", "Baking 0.3", "Baking 1"]);
    expect(seen.at(-1)?.EndpointConfigName).to.equal("green");
    expect(seen.at(-1)?.LastDeploymentConfig).to.deep.equal(canary(alarm));
    expect(Object.keys(caller.releases(over))).to.deep.equal(["green"]);
    const baking = seen.filter(
      (one) => one.PendingDeploymentSummary?.ProductionVariants?.[0]?.CurrentWeight === 0.3,
    );
    expect(baking[0]?.EndpointConfigName).to.equal("blue");
    expect(caller.answers.length).to.be.greaterThan(1000);
    const { blue = 0, green = 0 } = caller.releases();
    expect(blue).to.be.greaterThan(100);
    expect(green).to.be.greaterThan(100);
  });

  it("gives all traffic back to the old fleet when an alarm rings, and says why", async () => {
    await create("errors");
    const alarm = await guard("errors", "confused");
    const caller = new Caller(made, "errors");
    const told = await statesTold("errors");
    await update("errors", "confused", canary(alarm, 30, 30));
    const seen = await watch("errors");
    const over = Date.now();
    await until(
      () => Promise.resolve(caller.releases(over)),
      ({ blue = 0 }) => blue > 100,
    );
    await caller.stop();
    expect(await told()).to.deep.equal(["UPDATING", "ROLLING_BACK", "IN_SERVICE"]);
    expect(["Updating", "RollingBack", "InService"]).to.include.members(statuses(seen));
    expect(stages(seen)).to.deep.equal(["Creating 0", "Baking 0.3"]);
    const last = seen.at(-1);
    expect(last?.EndpointConfigName).to.equal("blue");
    expect(last?.FailureReason).to.contain('alarm(s) "guard-errors" in the state ALARM');
    expect(last?.PendingDeploymentSummary).to.equal(undefined);
    expect(Object.keys(caller.releases(over))).to.deep.equal(["blue"]);
    // What the confused container answered is all that failed: a fourth of a third of the requests at most.
    expect(caller.failures.every(({ message }) => message.includes("the model is confused"))).to.equal(true);
    expect(caller.failures.length).to.be.greaterThan(0);
    const { confused = 0 } = caller.releases();
    expect(caller.failures.length).to.be.closeTo(confused / 3, 2);
  });

  it("goes on serving, and begins again, when the server dies in the middle", async () => {
    await create("killed");
    await update("killed", "green", canary(undefined, 50, 4));
    await until(
      () => description("killed"),
      ({ PendingDeploymentSummary: pending }) =>
        pending?.ProductionVariants?.[0]?.VariantStatus?.[0]?.Status === "Baking",
    );
    killServer(made.laptop);
    const settled = await until(
      () => description("killed").catch(() => undefined),
      (endpoint) => endpoint?.EndpointStatus === "InService",
    );
    expect(settled?.EndpointConfigName).to.equal("green");
    expect((await invoke(made, "killed")).release).to.equal("green");
  });

  it("moves in linear steps", async () => {
    await create("linear");
    const linear: DeploymentConfig = {
      BlueGreenUpdatePolicy: {
        TrafficRoutingConfiguration: {
          ...{ Type: "LINEAR", LinearStepSize: { Type: "CAPACITY_PERCENT", Value: 40 } },
          WaitIntervalInSeconds: 1,
        },
      },
    };
    await update("linear", "green", linear);
    expect(stages(await watch("linear"))).to.deep.equal([
      ...["Creating 0", "Baking 0.4", "Baking 0.8", "Baking 1"],
    ]);
  });

  it("goes back at once when an alarm rings before the deployment", async () => {
    await create("ringing");
    const absent = [{ Name: "EndpointName", Value: "nowhere" }];
    await putAlarm({ AlarmName: "guard-ringing", Dimensions: absent, TreatMissingData: "breaching" });
    const caller = new Caller(made, "ringing", 1);
    await update("ringing", "green", canary("guard-ringing", 10, 60));
    const seen = await watch("ringing");
    await caller.stop();
    expect(seen.at(-1)?.EndpointConfigName).to.equal("blue");
    expect(seen.at(-1)?.FailureReason).to.contain("guard-ringing");
    expect(Object.keys(caller.releases())).to.deep.equal(["blue"]);
  });

  it("keeps weights and counts in an update that retains them, and reuses the last DeploymentConfig", async () => {
    await create("retains");
    await update("retains", "green", canary(undefined, 50, 0));
    await endpointSettled(made, "retains");
    const DesiredWeightsAndCapacities = [{ VariantName: "AllTraffic", DesiredInstanceCount: 3 }];
    await made.sagemaker.send(
      new UpdateEndpointWeightsAndCapacitiesCommand({ EndpointName: "retains", DesiredWeightsAndCapacities }),
    );
    const scaled = await endpointSettled(made, "retains");
    expect(scaled.ProductionVariants?.[0]?.CurrentInstanceCount).to.equal(3);
    await made.sagemaker.send(
      new UpdateEndpointCommand({
        ...{ EndpointName: "retains", EndpointConfigName: "blue" },
        ...{ RetainAllVariantProperties: true, RetainDeploymentConfig: true },
      }),
    );
    const retained = await endpointSettled(made, "retains");
    expect(retained.ProductionVariants?.[0]?.DesiredInstanceCount).to.equal(3);
    expect(retained.LastDeploymentConfig).to.deep.equal(canary(undefined, 50, 0));
    await update("retains", "green");
    const reset = await endpointSettled(made, "retains");
    expect(reset.ProductionVariants?.[0]?.DesiredInstanceCount).to.equal(1); // as AWS
  });

  it("copies requests to a shadow variant without making the caller wait", async () => {
    await createConfig(made, "slow-shadow", modelUrl, { environment: { PAUSE: "5" } });
    const variant = (ModelName: string, VariantName: string) => ({
      ...{ ModelName, VariantName, InitialInstanceCount: 1, InitialVariantWeight: 1 },
      InstanceType: "ml.m5.large" as const,
    });
    await made.sagemaker.send(
      new CreateEndpointConfigCommand({
        EndpointConfigName: "shadowed",
        ProductionVariants: [variant("blue", "AllTraffic")],
        ShadowProductionVariants: [variant("slow-shadow", "Shadow")],
      }),
    );
    const endpoint = await create("shadowed", "shadowed");
    expect(endpoint.ShadowProductionVariants?.[0]?.VariantName).to.equal("Shadow");
    for (let count = 0; count < 10; count += 1)
      expect((await invoke(made, "shadowed")).release).to.equal("blue");
    const invocations = async (VariantName: string) => {
      const { Datapoints = [] } = await cloudWatch.send(
        new GetMetricStatisticsCommand({
          ...{ Namespace: "AWS/SageMaker", MetricName: "Invocations", Statistics: ["Sum"], Period: 3600 },
          Dimensions: [
            { Name: "EndpointName", Value: "shadowed" },
            { Name: "VariantName", Value: VariantName },
          ],
          ...{ StartTime: new Date(Date.now() - 3600_000), EndTime: new Date(Date.now() + 60_000) },
        }),
      );
      return Datapoints.reduce((total, { Sum = 0 }) => total + Sum, 0);
    };
    await until(
      () => invocations("AllTraffic"),
      (sum) => sum === 10,
    );
    expect(await invocations("Shadow")).to.equal(0); // it still thinks about the first
    await until(
      () => invocations("Shadow"),
      (sum) => sum === 10,
    );
  });

  it("refuses what AWS refuses, and says what to do", async () => {
    await create("refuses");
    await createConfig(made, "without-servers", modelUrl, { serverless: true });
    const refusal = async (config: DeploymentConfig, name = "green") =>
      (await failure(update("refuses", name, config))).message;
    expect(await refusal(canary("guard-absent"))).to.equal('Could not find alarm(s) "guard-absent".');
    await putAlarm({ AlarmName: "unseen" });
    expect(await refusal(canary("unseen"))).to.match(
      /assumed-role\/guarded-runner\/SageMaker is not authorized to perform: cloudwatch:DescribeAlarms/,
    );
    expect(await refusal(canary(undefined, 60))).to.contain("CanarySize of 60 % is out of range");
    expect(await refusal(canary(), "without-servers")).to.contain("not supported for serverless endpoints");
    expect((await description("refuses")).EndpointStatus).to.equal("InService");
    await made.sagemaker.send(new DeleteEndpointConfigCommand({ EndpointConfigName: "blue" }));
    expect(await refusal(canary())).to.match(/^Could not find endpoint configuration ".*\/blue"\.$/);
  });
});
