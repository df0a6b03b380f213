import { type Resource } from "../../../automation/stack";

const stack = "urn:pulumi:dev::slipway::pulumi:pulumi:Stack::slipway-dev";

/** A component that the program itself declares. */
export const component = (type: string, name: string): Resource => ({
  ...{ urn: `urn:pulumi:dev::slipway::${type}::${name}`, type, custom: false, parent: stack, inputs: {} },
});

/** A resource in a component, made with values of others. */
export const resource = (
  parent: Resource,
  type: string,
  name: string,
  { inputs = {}, madeWith = [] }: { inputs?: Record<string, unknown>; madeWith?: Resource[] } = {},
): Resource => ({
  ...{
    urn: `urn:pulumi:dev::slipway::${parent.type}$${type}::${name}`,
    type,
    custom: true,
    parent: parent.urn,
  },
  ...{ inputs, dependencies: madeWith.map(({ urn }) => urn) },
});

const data = component("slipway:data:DataBucket", "data");
const jobs = component("slipway:training:TrainingJobs", "jobs");
const registry = component("slipway:model:ModelRegistry", "registry");
const bucket = resource(data, "aws:s3/bucket:Bucket", "data-bucket");
const role = resource(jobs, "aws:iam/role:Role", "jobs-role", {
  inputs: { assumeRolePolicy: '{"Statement":[{"Principal":{"Service":"sagemaker.amazonaws.com"}}]}' },
});
const grant = resource(data, "aws:iam/rolePolicy:RolePolicy", "data-jobs-read", { madeWith: [bucket, role] });
const group = resource(registry, "aws:sagemaker/modelPackageGroup:ModelPackageGroup", "registry-group");

/** Three components of the program: the bucket lets the jobs read; the registry is made with nothing of theirs. */
export const small = { data, jobs, registry, bucket, role, grant, group };
export const smallStack: Resource[] = Object.values(small);
