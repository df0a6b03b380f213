import { version } from "@pulumi/aws/package.json";
import { type ecr } from "@pulumi/awsx";
import { type Inputs, type Output, output } from "@pulumi/pulumi/output";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type CustomResource,
} from "@pulumi/pulumi/resource";
import { Child } from "./child";
import { lifecycleDocument, type LifecycleRule } from "./lifecycle";

/**
 * `awsx.ecr.Repository`: a repository and the policy that keeps it small, with the children of the real component
 * (pulumi/pulumi-awsx: awsx/ecr/repository.ts). The children are registered by token, since loading the whole of
 * `@pulumi/aws` would take most of a second each time the plugin starts.
 */
export class Repository extends ComponentResource {
  static readonly type = "awsx:ecr:Repository";
  readonly repository: CustomResource;
  readonly lifecyclePolicy: CustomResource | undefined;
  readonly url: Output<string>;

  constructor(name: string, args: Inputs, options: ComponentResourceOptions) {
    super(Repository.type, name, {}, options);
    const lowerCaseName = name.toLowerCase();
    const { lifecyclePolicy: given, ...repositoryArgs } = args;
    const policy = given as ecr.RepositoryArgs["lifecyclePolicy"] | undefined;
    const childOptions = { parent: this, version };

    const repository = new Child(
      "aws:ecr/repository:Repository",
      lowerCaseName,
      repositoryArgs,
      childOptions,
      ["name", "repositoryUrl"],
    );
    this.repository = repository;
    this.url = repository.outputs.repositoryUrl!;
    if (!policy?.skip) {
      const policyArgs = { repository: repository.outputs.name, policy: output(policy).apply(documentOf) };
      this.lifecyclePolicy = new Child(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        lowerCaseName,
        policyArgs,
        childOptions,
        [],
      );
    }
    this.registerOutputs({
      repository: this.repository,
      lifecyclePolicy: this.lifecyclePolicy,
      url: this.url,
    });
  }
}

const documentOf = (policy: { rules?: LifecycleRule[] } | undefined) =>
  JSON.stringify(lifecycleDocument(policy?.rules));
