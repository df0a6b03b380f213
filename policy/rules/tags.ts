import { type ResourceValidationPolicy } from "@pulumi/policy";
import { reporter } from "../rule";

/** Resources that AWS lets nobody tag, or that Pulumi's component already tags. */
const untagged = new RegExp(
  "^(slipway|pulumi|docker|awsx):|:Bucket.+|:Alias$|:RolePolicy|:LogResourcePolicy|:EventTarget|:QueuePolicy|:TopicPolicy|" +
    ":TopicSubscription|appautoscaling/policy|lambda/permission|:FunctionUrl|:AccessKey|:EventSourceMapping|:Resource$|" +
    ":Method|:Integration|:Deployment|:UsagePlanKey|:LogStream|:UsageLimit|:Schedule$|:Response$|:Model$|" +
    ":RequestValidator$|:MethodSettings$|apigateway/account|:LifecyclePolicy|:Dashboard$|:QueryDefinition$",
);

/** Tags say what a resource costs whom, and keep the deploy role of one stack from what another has. */
export const tags: ResourceValidationPolicy = {
  name: "tags",
  description: "What can be tagged says project, stack and tool.",
  validateResource: ({ type, name, urn, props }, violation) => {
    // SageMaker's models have tags, API Gateway's have not
    if (!type.startsWith("aws:") || (untagged.test(type) && type !== "aws:sagemaker/model:Model")) return;
    const [stack, project] = urn.replace("urn:pulumi:", "").split("::");
    const given = (props.tags ?? {}) as Record<string, string>;
    const report = reporter(name, violation);
    for (const [key, value] of Object.entries({ Project: project, Stack: stack, ManagedBy: "pulumi" }))
      if (given[key] !== value) report(`tags.${key}`, given[key], `write '${value}' (context.tags has it)`);
  },
};
