import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";
import { type VpcConfig } from "../lambda/lambda-handler";
import { databaseArnPattern, defaultPorts, type RdsSettings } from "./rds-settings";
import { readerGroup, SourceNetwork } from "./source-network";

/** How a database is reached. */
export interface Reached {
  host: pulumi.Input<string>;
  port: pulumi.Input<number>;
  secretArn: pulumi.Input<string>;
  vpcConfig?: VpcConfig;
  /** Of a database that the stack has made. */
  instance?: aws.rds.Instance;
}

interface Place {
  context: Context;
  source: string;
  settings: RdsSettings;
  /** Whether destroying the stack deletes a database that it has made, without a last snapshot. */
  deleteData: boolean;
}

/** The database that the settings name, or a new one. */
export function reach(name: string, place: Place, parent: pulumi.Resource): Reached {
  const { databaseArn, address, secretArn, subnetIds, securityGroupIds, engine, port } = place.settings;
  const [, kind, identifier] = databaseArnPattern.exec(databaseArn ?? "") ?? [];
  if (kind === "db" && identifier) return existingInstance(name, place, identifier, parent);
  if (kind === "cluster" && identifier) return existingCluster(name, place, identifier, parent);
  if (address === undefined) return newInstance(name, place, parent);
  return {
    host: address,
    port: port ?? defaultPorts[engine],
    secretArn: secretArn ?? "",
    vpcConfig: subnetIds && securityGroupIds && { subnetIds, securityGroupIds },
  };
}

function existingInstance(name: string, place: Place, identifier: string, parent: pulumi.Resource): Reached {
  const found = aws.rds.getInstanceOutput({ dbInstanceIdentifier: identifier }, { parent });
  return withinVpc(name, place, parent, {
    ...{ host: found.address, port: found.port, subnetGroup: found.dbSubnetGroup },
    groupIds: found.vpcSecurityGroups,
    secretArn: found.masterUserSecrets.apply((secrets) => secrets[0]?.secretArn),
  });
}

/** Through a reader, if the cluster has one. */
function existingCluster(name: string, place: Place, identifier: string, parent: pulumi.Resource): Reached {
  const found = aws.rds.getClusterOutput({ clusterIdentifier: identifier }, { parent });
  return withinVpc(name, place, parent, {
    ...{ host: found.readerEndpoint, port: found.port, subnetGroup: found.dbSubnetGroupName },
    groupIds: found.vpcSecurityGroupIds,
    secretArn: found.masterUserSecrets.apply((secrets) => secrets[0]?.secretArn),
  });
}

function withinVpc(
  name: string,
  { context, settings }: Place,
  parent: pulumi.Resource,
  found: {
    host: pulumi.Output<string>;
    port: pulumi.Output<number>;
    subnetGroup: pulumi.Output<string>;
    groupIds: pulumi.Output<string[]>;
    secretArn: pulumi.Output<string | undefined>;
  },
): Reached {
  const { host, port, subnetGroup } = found;
  const subnets = aws.rds.getSubnetGroupOutput({ name: subnetGroup }, { parent });
  const databaseGroupId = found.groupIds.apply(([first]) => first ?? "");
  const reader = readerGroup(name, { context, vpcId: subnets.vpcId, databaseGroupId, port }, parent);
  const managed = found.secretArn.apply((arn) => {
    if (arn) return arn;
    throw new pulumi.InputPropertyError({
      propertyPath: "secretArn",
      reason:
        `secretArn is not set, and RDS manages no secret for ${settings.databaseArn}: ` +
        "give the ARN of a secret with the username and password of a user that may read",
    });
  });
  return {
    ...{ host, port, secretArn: settings.secretArn ?? managed },
    vpcConfig: { subnetIds: subnets.subnetIds, securityGroupIds: groupOf(reader) },
  };
}

const groupOf = ({ id }: aws.ec2.SecurityGroup) => id.apply((one) => [one]);

/** Encrypted, private, with a password that RDS keeps in Secrets Manager and changes every week. */
function newInstance(
  name: string,
  { context, source, settings, deleteData }: Place,
  parent: pulumi.Resource,
): Reached {
  const { tags } = context;
  const child = { parent };
  const network = new SourceNetwork(`${name}-network`, context, child);
  const { vpcId, subnetIds } = network;
  const subnetGroup = new aws.rds.SubnetGroup(`${name}-subnets`, { subnetIds, tags }, child);
  const group = new aws.ec2.SecurityGroup(
    `${name}-database`,
    { vpcId, description: `The database of the source ${source}`, tags },
    child,
  );
  const identifier = `${context.project}-${context.stack}-${source}`;
  const instance = new aws.rds.Instance(
    `${name}-database`,
    {
      identifier,
      engine: settings.engine,
      engineVersion: settings.engineVersion,
      instanceClass: settings.instanceClass ?? "db.t4g.micro",
      allocatedStorage: settings.allocatedStorage ?? 20,
      storageType: "gp3",
      storageEncrypted: true,
      multiAz: settings.multiAz ?? false,
      dbName: settings.database,
      port: settings.port ?? defaultPorts[settings.engine],
      username: "slipway",
      manageMasterUserPassword: true,
      dbSubnetGroupName: subnetGroup.name,
      vpcSecurityGroupIds: [group.id],
      publiclyAccessible: false,
      backupRetentionPeriod: 7,
      copyTagsToSnapshot: true,
      deletionProtection: !deleteData,
      skipFinalSnapshot: deleteData,
      finalSnapshotIdentifier: `${identifier}-final`,
      tags,
    },
    { parent, dependsOn: network.endpoints },
  );
  const { port } = instance;
  const reader = readerGroup(name, { context, vpcId, databaseGroupId: group.id, port }, parent);
  return {
    ...{ host: instance.address, port, instance },
    secretArn:
      settings.secretArn ?? instance.masterUserSecrets.apply((secrets) => secrets[0]?.secretArn ?? ""),
    vpcConfig: { subnetIds, securityGroupIds: groupOf(reader) },
  };
}
