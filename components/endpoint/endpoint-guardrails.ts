import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { watch, type WatchArgs, type Watched } from "../shared/alarm";
import { type Context } from "../shared/context";
import { isWholeNumber, requireProperty } from "../shared/validation";

/** How careful a deployment is. */
export interface Guardrails {
  /** Of the requests that a new release gets first. */
  canaryPercent: number;
  /** How long the canary is watched, and then once more the whole. */
  bakeSeconds: number;
  alarmPeriodSeconds: number;
  /** Of a release's requests that may end in a server error. */
  max5xxPercent: number;
  /** For nine of ten requests, in the container. */
  maxLatencyMs: number;
}

export interface EndpointGuardrailsArgs {
  context: Context;
  endpointName: string;
  /** All of a release's alarms watch this configuration alone: what the release before did does not count. */
  configurationName: pulumi.Input<string>;
  releaseId: string;
  guardrails: Guardrails;
}

/** The one production variant of an endpoint. */
export const variantName = "AllTraffic";

/** The metric of answers that are not what the release engine knows they must be; it puts them while it probes. */
export const unexpectedAnswers = {
  namespace: "Slipway",
  metricName: "UnexpectedAnswers",
  /** With the release: a probe of the last one must not end the deployment of the next. */
  dimensions: (endpointName: string, releaseId: string) => ({ Endpoint: endpointName, Release: releaseId }),
};

/** Beyond the waiting: the time that SageMaker gets to start the new instances. */
const startupSeconds = 1800;

/** The alarms that a new release must not set off, and the deployment that ends when it does. */
export class EndpointGuardrails extends pulumi.ComponentResource {
  readonly deploymentConfig: aws.types.input.sagemaker.EndpointDeploymentConfig;
  readonly watched: Watched[];

  constructor(
    private readonly name: string,
    private readonly args: EndpointGuardrailsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:model:EndpointGuardrails", name, {}, opts);
    const { canaryPercent, bakeSeconds } = args.guardrails;
    this.watched = [this.serverErrors(), this.latency(), this.unexpectedAnswers()];
    this.deploymentConfig = {
      blueGreenUpdatePolicy: {
        trafficRoutingConfiguration: {
          type: "CANARY",
          canarySize: { type: "CAPACITY_PERCENT", value: canaryPercent },
          waitIntervalInSeconds: bakeSeconds,
        },
        terminationWaitInSeconds: 0,
        maximumExecutionTimeoutInSeconds: 2 * bakeSeconds + startupSeconds,
      },
      autoRollbackConfiguration: { alarms: this.watched.map(({ alarm }) => ({ alarmName: alarm.name })) },
    };
    this.registerOutputs({ alarmNames: alarmNames(args.endpointName) });
  }

  private serverErrors(): Watched {
    const { max5xxPercent } = this.args.guardrails;
    return this.watch("errors", {
      title: "Server errors of the release (share)",
      alarmDescription: `More than ${max5xxPercent} % of the requests to release ${this.args.releaseId} end in a server error.`,
      ...{ namespace: "AWS/SageMaker", metricName: "Invocation5XXErrors", dimensions: this.ofThisRelease() },
      statistic: "Average", // each request counts as 0 or 1
      threshold: max5xxPercent / 100,
    });
  }

  private latency(): Watched {
    const { maxLatencyMs } = this.args.guardrails;
    return this.watch("latency", {
      title: "Latency of the release's container (microseconds)",
      alarmDescription: `One of ten requests to release ${this.args.releaseId} takes its container longer than ${maxLatencyMs} ms.`,
      ...{ namespace: "AWS/SageMaker", metricName: "ModelLatency", dimensions: this.ofThisRelease() },
      extendedStatistic: "p90",
      threshold: maxLatencyMs * 1000, // SageMaker measures in microseconds
    });
  }

  private unexpectedAnswers(): Watched {
    const { endpointName, releaseId } = this.args;
    const { namespace, metricName, dimensions } = unexpectedAnswers;
    return this.watch("answers", {
      title: "Unexpected answers of the release",
      alarmDescription: `Release ${releaseId} gives other answers than in its evaluation.`,
      ...{ namespace, metricName, dimensions: dimensions(endpointName, releaseId) },
      ...{ statistic: "Sum", threshold: 0 },
    });
  }

  private ofThisRelease() {
    const { endpointName: EndpointName, configurationName: EndpointConfigName } = this.args;
    return { EndpointName, VariantName: variantName, EndpointConfigName };
  }

  /** An alarm under a name that stays: with other names in its DeploymentConfig, an endpoint would be replaced. */
  private watch(
    role: AlarmRole,
    args: Omit<WatchArgs, "context" | "alarmName" | "evaluationPeriods">,
  ): Watched {
    const { context, endpointName, guardrails } = this.args;
    return watch(
      `${this.name}-${role}`,
      {
        ...{ ...args, context, alarmName: alarmName(endpointName, role) },
        ...{ period: guardrails.alarmPeriodSeconds, evaluationPeriods: 1 },
      },
      { parent: this },
    );
  }
}

const alarmRoles = ["errors", "latency", "answers"] as const;
type AlarmRole = (typeof alarmRoles)[number];
const alarmName = (endpointName: string, role: AlarmRole) => `${endpointName}-${role}`;

/** Names of the alarms that watch an endpoint's deployments. */
export const alarmNames = (endpointName: string) => alarmRoles.map((role) => alarmName(endpointName, role));

/** @throws InputPropertyError for what AWS would refuse, and for a deployment that no alarm could stop in time. */
export function checkGuardrails(guardrails: Guardrails): void {
  const { canaryPercent, bakeSeconds, alarmPeriodSeconds, max5xxPercent, maxLatencyMs } = guardrails;
  requireProperty(
    isWholeNumber(canaryPercent, 1, 50),
    "canaryPercent",
    canaryPercent,
    "give a whole percentage of the requests from 1 to 50",
  );
  requireProperty(
    [10, 20, 30].includes(alarmPeriodSeconds) || isWholeNumber(alarmPeriodSeconds / 60, 1, 60),
    "alarmPeriodSeconds",
    alarmPeriodSeconds,
    "give 10, 20, 30 or a multiple of 60 up to 3600",
  );
  requireProperty(
    isWholeNumber(bakeSeconds, alarmPeriodSeconds, 3600),
    "bakeSeconds",
    bakeSeconds,
    `give a whole number of seconds from ${alarmPeriodSeconds} (alarmPeriodSeconds: sooner no alarm rings) to 3600`,
  );
  requireProperty(
    max5xxPercent >= 0 && max5xxPercent < 100,
    "max5xxPercent",
    max5xxPercent,
    "give a percentage from 0 to below 100",
  );
  requireProperty(maxLatencyMs > 0, "maxLatencyMs", maxLatencyMs, "give a number of milliseconds above 0");
}
