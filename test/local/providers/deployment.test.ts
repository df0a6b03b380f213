import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  DescribeEndpointCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
} from "@aws-sdk/client-sagemaker";
import * as aws from "@pulumi/aws";
import { type Stack } from "@pulumi/pulumi/automation";
import { expect } from "chai";
import { type EndpointCapacity } from "../../../components/endpoint/endpoint-capacity";
import {
  alarmNames,
  EndpointGuardrails,
  unexpectedAnswers,
  variantName,
} from "../../../components/endpoint/endpoint-guardrails";
import { EndpointScaling } from "../../../components/endpoint/endpoint-scaling";
import { requireDeployed } from "../../../components/endpoint/model-endpoint";
import { clientConfig, clientEnvironment } from "../../../local/state";
import { failure } from "../laptop";
import { imageUri, roleName, type Target, target, train, until } from "../sagemaker/target";
import { testStack } from "./stack";

const endpointName = "plugin-endpoint";

/** What the test changes from one update to the next. */
interface Wanted {
  release: string;
  /** Whether the program looks at what became of the deployment, as Slipway's does. */
  careful: boolean;
  shadow: boolean;
  maxInstanceCount: number;
}

describe("deployments by the laptop plugins on the stock Pulumi engine", function () {
  this.timeout(180_000);
  let made: Target;
  let stack: Stack;
  let modelDataUrl = "";
  const wanted: Wanted = { release: "first", careful: true, shadow: false, maxInstanceCount: 2 };

  const program = async () => {
    const { release, careful, shadow, maxInstanceCount } = wanted;
    const model = new aws.sagemaker.Model("model", {
      executionRoleArn: made.roleArn,
      primaryContainer: { image: imageUri, modelDataUrl, environment: { RELEASE_ID: release } },
    });
    new aws.iam.RolePolicy("alarms", {
      role: roleName,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "cloudwatch:DescribeAlarms", Resource: "*" }],
      }),
    });
    const variant = { modelName: model.name, instanceType: "ml.m5.large", initialInstanceCount: 1 };
    const configuration = new aws.sagemaker.EndpointConfiguration("configuration", {
      productionVariants: [{ ...variant, variantName }],
      ...(shadow ? { shadowProductionVariants: [{ ...variant, variantName: "Shadow" }] } : {}),
    });
    const guardrails = new EndpointGuardrails("guardrails", {
      context: { ...place, tags: {} },
      ...{ endpointName, configurationName: configuration.name, releaseId: release },
      guardrails: {
        ...{ canaryPercent: 20, bakeSeconds: 5, alarmPeriodSeconds: 10 },
        ...{ max5xxPercent: 1, maxLatencyMs: 1000 },
      },
    });
    const endpoint = new aws.sagemaker.Endpoint(
      "endpoint",
      {
        name: endpointName,
        endpointConfigName: configuration.name,
        deploymentConfig: guardrails.deploymentConfig,
      },
      careful ? { hooks: { afterUpdate: [requireDeployed] } } : {},
    );
    const capacity: EndpointCapacity = {
      ...{ kind: "real-time", instanceType: "ml.m5.large", instanceCount: 1 },
      ...{ maxInstanceCount, requestsPerInstance: 600 },
    };
    new EndpointScaling("scaling", {
      context: { ...place, tags: {} },
      endpointName: endpoint.name,
      capacity,
    });
    return Promise.resolve({ served: endpoint.endpointConfigName });
  };
  const place = {
    ...{ project: "plugins", stack: "deployments", accountId: "000000000000" },
    ...{ region: "us-east-1", partition: "aws", problem: "model-image" },
  };

  before(async function () {
    made = await target();
    const { state, home } = made.laptop;
    const job = await train(made, "for-plugins");
    modelDataUrl = job.ModelArtifacts?.S3ModelArtifacts ?? "";
    const cloud = { env: clientEnvironment(state) };
    const found = await testStack("deployments", program, cloud, home, "home");
    if (!found) return this.skip(); // this machine has no Pulumi CLI
    stack = found;
  });

  const describeEndpoint = () =>
    made.sagemaker.send(new DescribeEndpointCommand({ EndpointName: endpointName }));
  const configurations = async () => {
    const { EndpointConfigs = [] } = await made.sagemaker.send(
      new ListEndpointConfigsCommand({ NameContains: "configuration-" }),
    );
    return EndpointConfigs.map(({ EndpointConfigName }) => EndpointConfigName);
  };

  /** Brings the stack up, and lets an alarm ring while the new release bakes. */
  async function upWithWrongAnswers(): Promise<Error | undefined> {
    const cloudWatch = new CloudWatchClient(clientConfig(made.laptop.state));
    const { namespace, metricName, dimensions } = unexpectedAnswers;
    const ended = stack.up().then(
      () => undefined,
      (error: Error) => error,
    );
    await until(describeEndpoint, ({ PendingDeploymentSummary: pending }) => {
      const [variant] = pending?.ProductionVariants ?? [];
      return variant?.VariantStatus?.[0]?.Status === "Baking";
    });
    const Dimensions = Object.entries(dimensions(endpointName, wanted.release)).map(([Name, Value]) => ({
      ...{ Name, Value },
    }));
    const MetricData = [{ MetricName: metricName, Dimensions, Value: 1 }];
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: namespace, MetricData }));
    return ended;
  }

  it("creates endpoint, alarms and scaling, finds nothing to change, and no drift", async () => {
    const { summary } = await stack.up();
    expect(summary.result).to.equal("succeeded");
    expect((await describeEndpoint()).LastDeploymentConfig?.AutoRollbackConfiguration?.Alarms).to.deep.equal(
      alarmNames(endpointName).map((AlarmName) => ({ AlarmName })),
    );
    await stack.up({ expectNoChanges: true });
    await stack.refresh({ expectNoChanges: true });
  });

  it("changes shadow and scaling", async () => {
    Object.assign(wanted, { shadow: true, maxInstanceCount: 3 });
    await stack.up();
    expect((await describeEndpoint()).ShadowProductionVariants?.[0]?.VariantName).to.equal("Shadow");
    await stack.up({ expectNoChanges: true });
  });

  it("fails, and deletes nothing, when SageMaker rolls back and the program looks", async () => {
    const before = (await describeEndpoint()).EndpointConfigName;
    wanted.release = "second";
    const error = await upWithWrongAnswers();
    expect(error?.message).to.contain(`the endpoint ${endpointName} serves ${before} as before`);
    expect((await describeEndpoint()).EndpointConfigName).to.equal(before);
    expect(await configurations()).to.include(before);
    wanted.release = "first";
    const { summary } = await stack.up();
    expect(summary.result).to.equal("succeeded");
    const served = (await describeEndpoint()).EndpointConfigName;
    expect(await configurations()).to.deep.equal([served]);
  });

  it("calls it a success when the program does not look, as the real provider does", async () => {
    const before = (await describeEndpoint()).EndpointConfigName;
    Object.assign(wanted, { release: "third", careful: false });
    expect(await upWithWrongAnswers()).to.equal(undefined);
    expect((await describeEndpoint()).EndpointConfigName).to.equal(before);
    expect((await stack.outputs()).served?.value).to.equal(before);
    expect(await configurations()).not.to.include(before);
    expect((await failure(stack.up())).message).to.contain("Could not find endpoint configuration");
  });

  it("destroys everything", async () => {
    await stack.destroy();
    const { Endpoints = [] } = await made.sagemaker.send(
      new ListEndpointsCommand({ NameContains: endpointName }),
    );
    expect(Endpoints).to.deep.equal([]);
    expect(await configurations()).to.deep.equal([]);
  });
});
