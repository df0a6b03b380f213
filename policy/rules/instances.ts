import * as aws from "@pulumi/aws";
import { type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { type Limits, limitsOf } from "../limits";
import { check, outputsOf, type Report, reporter, stackOf } from "../rule";

const where = "or raise the limit in policy/limits.ts";

function type(property: string, value: string | undefined, { families, sizes }: Limits, report: Report) {
  const [, family = "", size = ""] = value?.split(".") ?? [];
  if (value !== undefined && !(families.includes(family) && sizes.includes(size)))
    report(property, value, `take one of ml.{${families.join(",")}}.{${sizes.join(",")}}, ${where}`);
}

function count(property: string, value: number | undefined, most: number, report: Report) {
  if (value !== undefined && value > most) report(property, value, `take ${most} at most, ${where}`);
}

/** An endpoint costs by the hour, whether anybody asks it or not. */
export const instances: ResourceValidationPolicy = {
  name: "instance-limits",
  description: "Instances are of the types and as many as the stack may have.",
  validateResource: [
    check(aws.sagemaker.EndpointConfiguration, (configuration, report, stack) => {
      const limits = limitsOf(stack);
      const { productionVariants, shadowProductionVariants = [] } = configuration;
      for (const each of [...productionVariants, ...shadowProductionVariants]) {
        type("instanceType", each.instanceType, limits, report);
        count("initialInstanceCount", each.initialInstanceCount, limits.maxInstances, report);
        const { maxConcurrency } = each.serverlessConfig ?? {};
        count("maxConcurrency", maxConcurrency, limits.maxConcurrency, report);
      }
    }),
    check(aws.appautoscaling.Target, ({ maxCapacity }, report, stack) =>
      count("maxCapacity", maxCapacity, limitsOf(stack).maxInstances, report),
    ),
    check(aws.rds.Instance, ({ instanceClass }, report, stack) => {
      const { sizes } = limitsOf(stack);
      const size = instanceClass?.split(".").at(-1) ?? "";
      if (!sizes.includes(size))
        report("instanceClass", instanceClass, `take a size of ${sizes.join(", ")}, ${where}`);
    }),
  ],
};

/** Jobs are started by releases: what they run on is in the stack's outputs. */
export const trainingInstances: StackValidationPolicy = {
  name: "training-limits",
  description: "Jobs run on instances of the types and as many as the stack may have.",
  validateStack: (args, violation) => {
    const stack = outputsOf(args);
    if (!stack) return;
    const limits = limitsOf(stackOf(stack.urn));
    const { trainingInstanceType, trainingInstanceCount } = stack.props as Record<string, never>;
    const report = reporter("configuration", violation, stack.urn);
    type("trainingInstanceType", trainingInstanceType, limits, report);
    count("trainingInstanceCount", trainingInstanceCount, limits.maxInstances, report);
  },
};
