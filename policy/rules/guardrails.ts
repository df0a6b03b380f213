import * as aws from "@pulumi/aws";
import { type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { limitsOf } from "../limits";
import { check, outputsOf, type Report, type ResourceClass, reporter, stackOf } from "../rule";
import { type Unwrap } from "@pulumi/pulumi";

/** Of stacks that people depend on only. */
const guarded = <Args>(
  resourceClass: ResourceClass<Args>,
  validate: (properties: Unwrap<NonNullable<Args>>, report: Report) => void,
) =>
  check(resourceClass, (properties, report, stack) => {
    if (limitsOf(stack).guarded) validate(properties, report);
  });

const keep = "leave deleteDataOnDestroy false in the stack's configuration";

/** A bad release is noticed by alarms and taken back by SageMaker; data outlive a mistake. */
export const guardrails: ResourceValidationPolicy = {
  name: "guardrails",
  description: "On main, releases are watched and data are kept.",
  validateResource: [
    guarded(aws.sagemaker.Endpoint, ({ name, deploymentConfig }, report) => {
      if (name?.endsWith("-serverless"))
        return report("name", name, "write 'endpoint: real-time': a serverless one has no guardrails");
      const { autoRollbackConfiguration, blueGreenUpdatePolicy } = deploymentConfig ?? {};
      const routing = blueGreenUpdatePolicy?.trafficRoutingConfiguration;
      if (!autoRollbackConfiguration?.alarms?.length)
        report("autoRollbackConfiguration", autoRollbackConfiguration, "name the alarms that roll back");
      if (routing?.type !== "CANARY" && routing?.type !== "LINEAR")
        report("trafficRoutingConfiguration.type", routing?.type, "write 'CANARY' or 'LINEAR'");
    }),
    guarded(aws.s3.Bucket, ({ forceDestroy }, report) => {
      if (forceDestroy) report("forceDestroy", forceDestroy, keep);
    }),
    guarded(aws.ecr.Repository, ({ forceDelete }, report) => {
      if (forceDelete) report("forceDelete", forceDelete, keep);
    }),
    guarded(aws.dynamodb.Table, ({ deletionProtectionEnabled }, report) => {
      if (!deletionProtectionEnabled) report("deletionProtectionEnabled", deletionProtectionEnabled, keep);
    }),
    guarded(aws.rds.Instance, ({ deletionProtection, skipFinalSnapshot }, report) => {
      if (!deletionProtection) report("deletionProtection", deletionProtection, keep);
      if (skipFinalSnapshot) report("skipFinalSnapshot", skipFinalSnapshot, keep);
    }),
  ],
};

/** What only the configuration says. */
export const releaseGuardrails: StackValidationPolicy = {
  name: "release-guardrails",
  description: "On main, a person approves a release, and 'destroy' keeps the data.",
  validateStack: (args, violation) => {
    const stack = outputsOf(args);
    if (!stack || !limitsOf(stackOf(stack.urn)).guarded) return;
    const { gate, deleteDataOnDestroy } = stack.props as {
      gate?: { approval?: string };
      deleteDataOnDestroy?: boolean;
    };
    const report = reporter("configuration", violation, stack.urn);
    if (gate && gate.approval !== "manual") report("approval", gate.approval, "write 'manual'");
    if (deleteDataOnDestroy) report("deleteDataOnDestroy", deleteDataOnDestroy, "write false");
  },
};

/** One instance is one zone, and a restart of it is an outage; but it is half the price. */
export const twoInstances: ResourceValidationPolicy = {
  name: "two-instances",
  description: "On main, an endpoint outlives the loss of a zone.",
  enforcementLevel: "advisory",
  validateResource: guarded(aws.sagemaker.EndpointConfiguration, ({ productionVariants }, report) => {
    for (const { initialInstanceCount } of productionVariants)
      if (initialInstanceCount === 1) report("instanceCount", 1, "give 2 or more");
  }),
};
