import {
  AddTagsToResourceCommand,
  CreateDBInstanceCommand,
  CreateDBSubnetGroupCommand,
  type DBInstance,
  DeleteDBInstanceCommand,
  DeleteDBSubnetGroupCommand,
  DescribeDBInstancesCommand,
  DescribeDBSubnetGroupsCommand,
  ListTagsForResourceCommand,
  ModifyDBInstanceCommand,
  ModifyDBSubnetGroupCommand,
  RDSClient,
  RemoveTagsFromResourceCommand,
} from "@aws-sdk/client-rds";
import { type rds } from "@pulumi/aws";
import { setTimeout as sleep } from "node:timers/promises";
import { orGone } from "../shared/errors";
import { type AnyResourceType, type Call, type Inputs, resource } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";

const pollMs = 300;

async function tagsOf(ResourceName: string | undefined, call: Call) {
  const { TagList } = await call.client(RDSClient).send(new ListTagsForResourceCommand({ ResourceName }));
  return fromTagList(TagList);
}

interface Tagged {
  arn: string;
  tagsAll?: Record<string, string>;
}

async function updateTags(now: Tagged, call: Call, was: Tagged): Promise<void> {
  if (!call.changed("tagsAll")) return;
  const client = call.client(RDSClient);
  const ResourceName = now.arn;
  const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
  if (remove.length > 0)
    await client.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: remove }));
  await client.send(new AddTagsToResourceCommand({ ResourceName, Tags: toTagList(set) }));
}

async function findInstance(id: string, call: Call): Promise<DBInstance | undefined> {
  const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: id });
  return (await orGone(call.client(RDSClient).send(command)))?.DBInstances?.[0];
}

/** Waits while RDS is at work on the instance. @throws Error when that has failed. */
async function settled(id: string, call: Call): Promise<void> {
  for (;;) {
    const status = (await findInstance(id, call))?.DBInstanceStatus;
    if (status === "available" || status === "stopped" || status === undefined) return;
    if (status === "failed")
      throw new Error(`its database has not started: 'slipway local logs cloud' says why`);
    call.status(status);
    await sleep(pollMs);
  }
}

/** What can be given at creation and later. */
const changeable = (inputs: Inputs<rds.InstanceArgs>) => ({
  DBInstanceClass: inputs.instanceClass,
  EngineVersion: inputs.engineVersion,
  AllocatedStorage: inputs.allocatedStorage,
  StorageType: inputs.storageType,
  MultiAZ: inputs.multiAz,
  VpcSecurityGroupIds: inputs.vpcSecurityGroupIds,
  PubliclyAccessible: inputs.publiclyAccessible,
  BackupRetentionPeriod: inputs.backupRetentionPeriod,
  CopyTagsToSnapshot: inputs.copyTagsToSnapshot,
  DeletionProtection: inputs.deletionProtection,
  MasterUserPassword: inputs.password,
});
const changeableProperties = [
  ...["instanceClass", "engineVersion", "allocatedStorage", "storageType", "multiAz", "vpcSecurityGroupIds"],
  ...["publiclyAccessible", "backupRetentionPeriod", "copyTagsToSnapshot", "deletionProtection", "password"],
];

/** An instance as `aws.rds.Instance` has it. */
export function propertiesOf(found: DBInstance) {
  const { Endpoint, MasterUserSecret } = found;
  return {
    ...{ arn: found.DBInstanceArn, identifier: found.DBInstanceIdentifier, resourceId: found.DbiResourceId },
    ...{
      address: Endpoint?.Address,
      port: Endpoint?.Port,
      endpoint: `${Endpoint?.Address}:${Endpoint?.Port}`,
    },
    ...{ engine: found.Engine, engineVersion: found.EngineVersion, engineVersionActual: found.EngineVersion },
    ...{ instanceClass: found.DBInstanceClass, allocatedStorage: found.AllocatedStorage },
    ...{ storageType: found.StorageType, storageEncrypted: found.StorageEncrypted, multiAz: found.MultiAZ },
    ...{ dbName: found.DBName, username: found.MasterUsername, status: found.DBInstanceStatus },
    dbSubnetGroupName: found.DBSubnetGroup?.DBSubnetGroupName,
    vpcSecurityGroupIds: found.VpcSecurityGroups?.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId),
    ...{ publiclyAccessible: found.PubliclyAccessible, backupRetentionPeriod: found.BackupRetentionPeriod },
    ...{ copyTagsToSnapshot: found.CopyTagsToSnapshot, deletionProtection: found.DeletionProtection },
    masterUserSecrets: MasterUserSecret?.SecretArn
      ? [{ secretArn: MasterUserSecret.SecretArn, secretStatus: MasterUserSecret.SecretStatus, kmsKeyId: "" }]
      : [],
  };
}

/** On the laptop the endpoint's port is a free one, whatever the program asks for. */
const instance = resource<rds.InstanceArgs>({
  inputs: {
    identifier: { replaces: true, autoName: { maxLength: 63, lowercase: true } },
    engine: { required: true, replaces: true },
    engineVersion: { computed: true },
    instanceClass: { required: true },
    allocatedStorage: { computed: true },
    storageType: { computed: true },
    storageEncrypted: { replaces: true, default: false },
    kmsKeyId: { replaces: true, computed: true },
    multiAz: { default: false },
    dbName: { replaces: true, computed: true },
    port: {},
    username: { replaces: true },
    password: { secret: true },
    manageMasterUserPassword: { replaces: true },
    dbSubnetGroupName: { replaces: true, computed: true },
    vpcSecurityGroupIds: { set: true, computed: true },
    publiclyAccessible: { default: false },
    backupRetentionPeriod: { computed: true },
    copyTagsToSnapshot: { default: false },
    deletionProtection: { default: false },
    skipFinalSnapshot: { default: false },
    finalSnapshotIdentifier: {},
    applyImmediately: {},
    tags: {},
  },
  outputs: ["address", "endpoint", "resourceId", "status", "masterUserSecrets", "engineVersionActual"],
  async create(inputs, call) {
    const id = inputs.identifier!;
    await call.client(RDSClient).send(
      new CreateDBInstanceCommand({
        ...changeable(inputs),
        ...{
          DBInstanceIdentifier: id,
          DBInstanceClass: inputs.instanceClass,
          Engine: inputs.engine,
        },
        ...{ DBName: inputs.dbName, Port: inputs.port, MasterUsername: inputs.username },
        ManageMasterUserPassword: inputs.manageMasterUserPassword,
        ...{ StorageEncrypted: inputs.storageEncrypted, KmsKeyId: inputs.kmsKeyId },
        ...{ DBSubnetGroupName: inputs.dbSubnetGroupName, Tags: toTagList(inputs.tagsAll) },
      }),
    );
    call.created(id);
    await settled(id, call);
    return id;
  },
  async read({ id }, call) {
    const found = await findInstance(id, call);
    if (!found) return undefined;
    const manageMasterUserPassword = found.MasterUserSecret ? true : undefined;
    return {
      ...propertiesOf(found),
      ...{ manageMasterUserPassword, tagsAll: await tagsOf(found.DBInstanceArn, call) },
    };
  },
  async update(now, call, was) {
    if (call.changed(...changeableProperties)) {
      const change = { ...changeable(now), DBInstanceIdentifier: now.id, ApplyImmediately: true };
      await call
        .client(RDSClient)
        .send(new ModifyDBInstanceCommand(change as { DBInstanceIdentifier: string }));
      await settled(now.id, call);
    }
    await updateTags(now, call, was);
  },
  async delete({ id, skipFinalSnapshot, finalSnapshotIdentifier }, call) {
    await call.client(RDSClient).send(
      new DeleteDBInstanceCommand({
        ...{ DBInstanceIdentifier: id, SkipFinalSnapshot: skipFinalSnapshot },
        FinalDBSnapshotIdentifier: skipFinalSnapshot ? undefined : finalSnapshotIdentifier,
      }),
    );
    while (await findInstance(id, call)) await sleep(pollMs);
  },
});

const subnetGroup = resource<rds.SubnetGroupArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 255, lowercase: true } },
    description: { default: "Managed by Pulumi" },
    subnetIds: { required: true, set: true },
    tags: {},
  },
  outputs: ["vpcId"],
  async create(inputs, call) {
    await call.client(RDSClient).send(
      new CreateDBSubnetGroupCommand({
        ...{ DBSubnetGroupName: inputs.name, DBSubnetGroupDescription: inputs.description },
        ...{ SubnetIds: inputs.subnetIds, Tags: toTagList(inputs.tagsAll) },
      }),
    );
    return inputs.name!;
  },
  async read({ id }, call) {
    const command = new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: id });
    const found = (await call.client(RDSClient).send(command)).DBSubnetGroups?.[0];
    return (
      found && {
        ...{ arn: found.DBSubnetGroupArn, name: id, description: found.DBSubnetGroupDescription },
        ...{ vpcId: found.VpcId, subnetIds: found.Subnets?.map(({ SubnetIdentifier }) => SubnetIdentifier) },
        tagsAll: await tagsOf(found.DBSubnetGroupArn, call),
      }
    );
  },
  async update(now, call, was) {
    if (call.changed("description", "subnetIds")) {
      await call.client(RDSClient).send(
        new ModifyDBSubnetGroupCommand({
          ...{ DBSubnetGroupName: now.id, DBSubnetGroupDescription: now.description },
          SubnetIds: now.subnetIds,
        }),
      );
    }
    await updateTags(now, call, was);
  },
  async delete({ id }, call) {
    await call.client(RDSClient).send(new DeleteDBSubnetGroupCommand({ DBSubnetGroupName: id }));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:rds/instance:Instance": instance,
  "aws:rds/subnetGroup:SubnetGroup": subnetGroup,
};
