import * as aws from "@pulumi/aws";
import { type StackValidationPolicy } from "@pulumi/policy";
import { reporter } from "../rule";

/**
 * SageMaker cannot make a serverless endpoint of a real-time one, or the other way round, while it serves. With the kind
 * in its name, a change of kind makes another endpoint, which is up before the one there was goes.
 */
export const endpointKind: StackValidationPolicy = {
  name: "no-switch-of-a-live-endpoint",
  description: "An endpoint's name says its kind, so that a switch never changes a live one.",
  validateStack: ({ resources }, violation) => {
    for (const endpoint of resources.filter((one) => one.isType(aws.sagemaker.Endpoint))) {
      const named = endpoint.props.endpointConfigName as string;
      const configuration = resources.find(
        (one) =>
          one.isType(aws.sagemaker.EndpointConfiguration) &&
          (endpoint.propertyDependencies.endpointConfigName?.some(({ urn }) => urn === one.urn) ||
            one.props.name === named),
      );
      const [variant] = (configuration?.props.productionVariants ?? []) as { serverlessConfig?: unknown }[];
      if (!variant) continue; // made elsewhere, or not known yet
      const kind = variant.serverlessConfig ? "serverless" : "real-time";
      const name = endpoint.props.name as string;
      if (!name.endsWith(`-${kind}`))
        reporter(endpoint.name, violation, endpoint.urn)("name", name, `end it with '-${kind}'`);
    }
  },
};
