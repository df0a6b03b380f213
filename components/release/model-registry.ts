import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";

/** The SageMaker model registry's group of this stack: each release that was trained is a model package in it. */
export class ModelRegistry extends pulumi.ComponentResource {
  readonly groupName: pulumi.Output<string>;

  constructor(name: string, context: Context, opts?: pulumi.ComponentResourceOptions) {
    super("slipway:model:ModelRegistry", name, {}, opts);
    const group = new aws.sagemaker.ModelPackageGroup(
      `${name}-group`,
      {
        modelPackageGroupName: `${context.project}-${context.stack}`,
        modelPackageGroupDescription: `Trained releases of ${context.project}, stack ${context.stack}`,
        tags: context.tags,
      },
      { parent: this },
    );
    this.groupName = group.modelPackageGroupName;
    this.registerOutputs({ groupName: this.groupName });
  }
}
