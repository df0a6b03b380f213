import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";
import { type RealTimeCapacity } from "./endpoint-capacity";
import { variantName } from "./endpoint-guardrails";

export interface EndpointScalingArgs {
  context: Context;
  /** Of an endpoint that is there. */
  endpointName: pulumi.Input<string>;
  capacity: RealTimeCapacity;
}

/** Seconds without a further step, so that new instances show in the metric before it is looked at again. */
const scaleOutCooldown = 60;
const scaleInCooldown = 300;

/** Lets AWS add and remove instances of an endpoint as its traffic needs. */
export class EndpointScaling extends pulumi.ComponentResource {
  constructor(
    name: string,
    { context, endpointName, capacity }: EndpointScalingArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:model:EndpointScaling", name, {}, opts);
    const target = new aws.appautoscaling.Target(
      `${name}-target`,
      {
        serviceNamespace: "sagemaker",
        resourceId: pulumi.interpolate`endpoint/${endpointName}/variant/${variantName}`,
        scalableDimension: "sagemaker:variant:DesiredInstanceCount",
        minCapacity: capacity.instanceCount,
        maxCapacity: capacity.maxInstanceCount,
        tags: context.tags,
      },
      { parent: this },
    );
    new aws.appautoscaling.Policy(
      `${name}-policy`,
      {
        policyType: "TargetTrackingScaling",
        serviceNamespace: target.serviceNamespace,
        resourceId: target.resourceId,
        scalableDimension: target.scalableDimension,
        targetTrackingScalingPolicyConfiguration: {
          predefinedMetricSpecification: {
            predefinedMetricType: "SageMakerVariantInvocationsPerInstance",
          },
          targetValue: capacity.requestsPerInstance,
          ...{ scaleInCooldown, scaleOutCooldown },
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
