import * as pulumi from "@pulumi/pulumi";
import { type Resource } from "../../automation/stack";
import { type Context } from "../../components/shared/context";

/** A resource as the program asked for it. */
export interface Declared {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  /** What it would be in AWS: inputs and outputs. */
  state: Record<string, unknown>;
}

export const context: Context = {
  project: "slipway",
  stack: "dev",
  accountId: "123456789012",
  region: "us-east-1",
  partition: "aws",
  tags: { Project: "slipway", Stack: "dev", ManagedBy: "pulumi" },
  problem: "model-image",
};

/** Answers of AWS to the program's questions; `parameters` is what SSM holds. */
function answer(token: string, parameters: Record<string, string>): Record<string, unknown> {
  switch (token) {
    case "aws:index/getCallerIdentity:getCallerIdentity":
      return { accountId: context.accountId };
    case "aws:index/getRegion:getRegion":
      return { region: context.region };
    case "aws:index/getPartition:getPartition":
      return { partition: context.partition };
    case "aws:ssm/getParametersByPath:getParametersByPath":
      return { names: Object.keys(parameters), values: Object.values(parameters) };
    case "aws:ecr/getAuthorizationToken:getAuthorizationToken":
      return { userName: "AWS", password: "token" };
    case "aws:rds/getInstance:getInstance":
      return {
        ...{ address: "shop.abc.us-east-1.rds.amazonaws.com", port: 5433, dbSubnetGroup: "shop-subnets" },
        ...{ vpcSecurityGroups: ["sg-shop"], masterUserSecrets: [] },
      };
    case "aws:rds/getSubnetGroup:getSubnetGroup":
      return { vpcId: "vpc-shop", subnetIds: ["subnet-1", "subnet-2"] };
    default:
      throw new Error(`the program asks ${token}, which the mocks do not answer`);
  }
}

/** What AWS would add to a resource, as far as the program uses it. */
function computed(type: string, name: string): Record<string, unknown> {
  const arn = `arn:aws:${type}:${name}`;
  if (type === "awsx:ecr:Repository") {
    const url = `${context.accountId}.dkr.ecr.us-east-1.amazonaws.com/${name}`;
    return { url, repository: { arn } };
  }
  if (type === "awsx:ec2:Vpc") {
    const isolatedSubnetIds = [`${name}-subnet-1`, `${name}-subnet-2`];
    return { vpcId: `${name}-vpc`, isolatedSubnetIds, routeTables: [{ id: `${name}-table` }] };
  }
  if (type === "aws:rds/instance:Instance") {
    const masterUserSecrets = [{ secretArn: `arn:aws:secretsmanager:us-east-1:123456789012:secret:${name}` }];
    return { arn, address: `${name}.rds.amazonaws.com`, port: 5432, masterUserSecrets };
  }
  if (type === "docker:index/image:Image") return { repoDigest: `registry/${name}@sha256:0a` };
  return {
    arn,
    ...{ url: `https://queue/${name}`, keyId: `${name}-id`, bucket: `${name}-1`, name: `${name}-1` },
    ...{
      invokeArn: `${arn}:invoke`,
      invokeUrl: "https://api/v1",
      executionArn: `${arn}:execution`,
      rootResourceId: `${name}-root`,
      value: "key",
    },
  };
}

/**
 * Runs `work` as a Pulumi program with everything around it answered, and resolves to the resources that it declared.
 */
export async function declare(
  work: () => unknown,
  options: {
    parameters?: Record<string, string>;
    config?: Record<string, string>;
    preview?: boolean;
    stack?: string;
    /** Is shown each resource as the engine would know it. */
    see?: (resource: Resource) => void;
  } = {},
): Promise<Declared[]> {
  const declared: Declared[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const state = { ...computed(type, name), ...(inputs as object) };
        declared.push({ type, name, inputs: inputs as Record<string, unknown>, state });
        return { id: `${name}-id`, state };
      },
      call: ({ token }) => answer(token, options.parameters ?? {}),
    },
    context.project,
    options.stack ?? context.stack,
    options.preview ?? false,
  );
  acceptHooks();
  if (options.see) showRegistrations(options.see);
  pulumi.runtime.setAllConfig(options.config ?? {});
  await pulumi.runtime.runInPulumiStack(async () => (await work()) as Record<string, unknown> | undefined);
  await pulumi.runtime.disconnect(); // resolves when every resource has been registered
  return declared;
}

/** Pulumi's mocks say that they know resource hooks, and have no method for them. They are not run. */
function acceptHooks(): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as Record<string, unknown>;
  monitor.registerResourceHook = (_: unknown, done: (error: null, answer: object) => void) => done(null, {});
}

/** What the program asks the engine for, as far as the tests want it; Pulumi's mocks show only a part of it. */
interface Registration {
  getType(): string;
  getCustom(): boolean;
  getRemote(): boolean;
  getParent(): string;
  getDependenciesList(): string[];
  getObject(): { toJavaScript(): Record<string, unknown> };
}

type Done = (error: Error | null, answer?: { getUrn(): string }) => void;

/** Shows each resource with its URN, its parent and what it depends on. */
function showRegistrations(see: (resource: Resource) => void): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource(request: Registration, done: Done): unknown;
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, done) =>
    register(request, (error, answer) => {
      if (answer)
        see({
          ...{ urn: answer.getUrn(), type: request.getType() },
          custom: request.getCustom() || request.getRemote(), // what a package's component makes is not seen here
          ...{ parent: request.getParent(), dependencies: request.getDependenciesList() },
          inputs: request.getObject().toJavaScript(),
        });
      done(error, answer);
    });
}

/** The one resource of this type (its last part, such as `Queue`) whose name ends so. */
export function only(declared: Declared[], type: string, ending = ""): Record<string, unknown> {
  const found = declared.filter((each) => each.type.endsWith(`:${type}`) && each.name.endsWith(ending));
  if (found.length !== 1) {
    throw new Error(
      `${found.length} resources are a ${type} named ...${ending}: ${found.map(({ name }) => name).join(", ")}`,
    );
  }
  return found[0]!.inputs;
}

/** The statements of a resource's policy document. */
export function statements(inputs: Record<string, unknown>, property = "policy"): Record<string, unknown>[] {
  return (JSON.parse(inputs[property] as string) as { Statement: Record<string, unknown>[] }).Statement;
}

/** The message of the error that `work` ends with. */
export async function failure(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing failed");
}
