import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import { type iam } from "@pulumi/aws";
import { type AnyResourceType, type Call, idOf, resource } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";

async function attachedPolicies(RoleName: string, call: Call): Promise<string[]> {
  const { AttachedPolicies = [] } = await call
    .client(IAMClient)
    .send(new ListAttachedRolePoliciesCommand({ RoleName }));
  return AttachedPolicies.map(({ PolicyArn }) => PolicyArn!);
}

/** Attaches exactly these managed policies. */
async function putManagedPolicies(RoleName: string, wanted: string[], call: Call): Promise<void> {
  const client = call.client(IAMClient);
  const attached = await attachedPolicies(RoleName, call);
  for (const PolicyArn of attached.filter((arn) => !wanted.includes(arn))) {
    await client.send(new DetachRolePolicyCommand({ RoleName, PolicyArn }));
  }
  for (const PolicyArn of wanted.filter((arn) => !attached.includes(arn))) {
    await client.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  }
}

const role = resource<iam.RoleArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 64 } },
    namePrefix: { replaces: true },
    path: { replaces: true, default: "/" },
    assumeRolePolicy: { required: true, json: "policy" },
    description: {},
    forceDetachPolicies: { default: false },
    managedPolicyArns: { set: true, computed: true },
    maxSessionDuration: { default: 3600 },
    permissionsBoundary: {},
    tags: {},
  },
  outputs: ["createDate", "uniqueId"],
  async create(inputs, call) {
    const RoleName = inputs.name!;
    await call.client(IAMClient).send(
      new CreateRoleCommand({
        RoleName,
        Path: inputs.path,
        AssumeRolePolicyDocument: inputs.assumeRolePolicy as string,
        Description: inputs.description,
        MaxSessionDuration: inputs.maxSessionDuration,
        PermissionsBoundary: inputs.permissionsBoundary,
        Tags: toTagList(inputs.tagsAll),
      }),
    );
    call.created(RoleName);
    await putManagedPolicies(RoleName, inputs.managedPolicyArns ?? [], call);
    return RoleName;
  },
  async read({ id }, call) {
    const client = call.client(IAMClient);
    const { Role: found } = await client.send(new GetRoleCommand({ RoleName: id }));
    const { Tags } = await client.send(new ListRoleTagsCommand({ RoleName: id }));
    if (!found) return undefined;
    return {
      ...{
        name: id,
        arn: found.Arn,
        path: found.Path,
        uniqueId: found.RoleId,
        description: found.Description || undefined,
      },
      createDate: found.CreateDate?.toISOString(),
      assumeRolePolicy: decodeURIComponent(found.AssumeRolePolicyDocument ?? ""),
      maxSessionDuration: found.MaxSessionDuration ?? 3600,
      permissionsBoundary: found.PermissionsBoundary?.PermissionsBoundaryArn,
      managedPolicyArns: await attachedPolicies(id, call),
      tagsAll: fromTagList(Tags),
    };
  },
  async update(now, call, was) {
    const client = call.client(IAMClient);
    const RoleName = now.id;
    if (call.changed("assumeRolePolicy")) {
      const PolicyDocument = now.assumeRolePolicy as string;
      await client.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
    }
    if (call.changed("description", "maxSessionDuration")) {
      const { description: Description = "", maxSessionDuration: MaxSessionDuration } = now;
      await client.send(new UpdateRoleCommand({ RoleName, Description, MaxSessionDuration }));
    }
    if (call.changed("permissionsBoundary")) {
      const PermissionsBoundary = now.permissionsBoundary;
      if (PermissionsBoundary)
        await client.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
      else await client.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    }
    if (call.changed("managedPolicyArns") && now.managedPolicyArns) {
      await putManagedPolicies(RoleName, now.managedPolicyArns, call);
    }
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0) await client.send(new UntagRoleCommand({ RoleName, TagKeys: remove }));
      await client.send(new TagRoleCommand({ RoleName, Tags: toTagList(set) }));
    }
  },
  async delete({ id, forceDetachPolicies, managedPolicyArns }, call) {
    const client = call.client(IAMClient);
    // As the real provider: what it attached itself goes along; anything else only when forced.
    if (forceDetachPolicies || managedPolicyArns?.length) await putManagedPolicies(id, [], call);
    if (forceDetachPolicies) {
      const { PolicyNames = [] } = await client.send(new ListRolePoliciesCommand({ RoleName: id }));
      for (const PolicyName of PolicyNames)
        await client.send(new DeleteRolePolicyCommand({ RoleName: id, PolicyName }));
    }
    await client.send(new DeleteRoleCommand({ RoleName: id }));
  },
});

async function putRolePolicy(
  { name, role: RoleName, policy }: { name?: string; role: unknown; policy: unknown },
  call: Call,
): Promise<string> {
  const input = { RoleName: RoleName as string, PolicyName: name, PolicyDocument: policy as string };
  await call.client(IAMClient).send(new PutRolePolicyCommand(input));
  return `${input.RoleName}:${name}`;
}

const namesOf = (id: string) => {
  const [RoleName, PolicyName] = id.split(":");
  return { RoleName, PolicyName };
};

const rolePolicy = resource<iam.RolePolicyArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 128 } },
    namePrefix: { replaces: true },
    role: { required: true, replaces: true },
    policy: { required: true, json: "policy" },
  },
  create: putRolePolicy,
  async read({ id }, call) {
    const { RoleName, PolicyName } = namesOf(id);
    const { PolicyDocument } = await call
      .client(IAMClient)
      .send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    return { name: PolicyName, role: RoleName, policy: decodeURIComponent(PolicyDocument ?? "") };
  },
  async update(now, call) {
    await putRolePolicy(now, call);
  },
  async delete({ id }, call) {
    await call.client(IAMClient).send(new DeleteRolePolicyCommand(namesOf(id)));
  },
});

const rolePolicyAttachment = resource<iam.RolePolicyAttachmentArgs>({
  inputs: {
    role: { required: true, replaces: true },
    policyArn: { required: true, replaces: true },
  },
  fromImportId(id) {
    const [role = "", ...arn] = id.split("/");
    return { role, policyArn: arn.join("/") };
  },
  async create({ role, policyArn }, call) {
    const RoleName = idOf(role);
    await call.client(IAMClient).send(new AttachRolePolicyCommand({ RoleName, PolicyArn: policyArn }));
    return `${RoleName}/${policyArn}`;
  },
  async read({ role, policyArn }, call) {
    const attached = await attachedPolicies(idOf(role), call);
    return attached.includes(policyArn) ? { role, policyArn } : undefined;
  },
  async delete({ role, policyArn }, call) {
    const attachment = { RoleName: idOf(role), PolicyArn: policyArn };
    await call.client(IAMClient).send(new DetachRolePolicyCommand(attachment));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:iam/role:Role": role,
  "aws:iam/rolePolicy:RolePolicy": rolePolicy,
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": rolePolicyAttachment,
};
