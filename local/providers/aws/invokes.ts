import { type Invoke } from "../shared/server";
import { secret } from "../shared/values";

const getCallerIdentity: Invoke = async (_args, call) => {
  const { GetCallerIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");
  const { Account, Arn, UserId } = await call.client(STSClient).send(new GetCallerIdentityCommand({}));
  return { id: Account, accountId: Account, arn: Arn, userId: UserId };
};

const getRegion: Invoke = (args, call) => {
  const region = typeof args.name === "string" ? args.name : call.region;
  return Promise.resolve({
    id: region,
    name: region,
    region,
    description: `${region} on this laptop`,
    endpoint: `ec2.${region}.amazonaws.com`,
  });
};

const getPartition: Invoke = () =>
  Promise.resolve({
    id: "aws",
    partition: "aws",
    dnsSuffix: "amazonaws.com",
    reverseDnsPrefix: "com.amazonaws",
  });

const getParametersByPath: Invoke = async (args, call) => {
  const { paginateGetParametersByPath, SSMClient } = await import("@aws-sdk/client-ssm");
  const Path = String(args.path);
  const withDecryption = args.withDecryption !== false;
  const input = { Path, Recursive: args.recursive === true, WithDecryption: withDecryption };
  const found = [];
  for await (const page of paginateGetParametersByPath({ client: call.client(SSMClient) }, input)) {
    found.push(...(page.Parameters ?? []));
  }
  return {
    ...{ id: Path, path: Path, recursive: args.recursive, withDecryption, region: call.region },
    arns: found.map(({ ARN }) => ARN),
    names: found.map(({ Name }) => Name),
    types: found.map(({ Type }) => Type),
    values: secret(found.map(({ Value }) => Value)),
  };
};

const getAuthorizationToken: Invoke = async (args, call) => {
  const { ECRClient, GetAuthorizationTokenCommand } = await import("@aws-sdk/client-ecr");
  const registryIds = typeof args.registryId === "string" ? [args.registryId] : undefined;
  const { authorizationData } = await call
    .client(ECRClient)
    .send(new GetAuthorizationTokenCommand({ registryIds }));
  const found = authorizationData?.[0];
  const [userName, ...password] = Buffer.from(found?.authorizationToken ?? "", "base64")
    .toString()
    .split(":");
  return {
    ...{ id: call.region, region: call.region, registryId: args.registryId, userName },
    ...{ authorizationToken: secret(found?.authorizationToken), password: secret(password.join(":")) },
    ...{ expiresAt: found?.expiresAt?.toISOString(), proxyEndpoint: found?.proxyEndpoint },
  };
};

const getAvailabilityZones: Invoke = async (_args, call) => {
  const { DescribeAvailabilityZonesCommand, EC2Client } = await import("@aws-sdk/client-ec2");
  const { AvailabilityZones = [] } = await call
    .client(EC2Client)
    .send(new DescribeAvailabilityZonesCommand({}));
  return {
    ...{ id: call.region, region: call.region, groupNames: [`${call.region}-zg-1`] },
    names: AvailabilityZones.map(({ ZoneName }) => ZoneName),
    zoneIds: AvailabilityZones.map(({ ZoneId }) => ZoneId),
  };
};

const getDbInstance: Invoke = async (args, call) => {
  const { DescribeDBInstancesCommand, RDSClient } = await import("@aws-sdk/client-rds");
  const { propertiesOf } = await import("./rds.ts");
  const DBInstanceIdentifier = String(args.dbInstanceIdentifier);
  const { DBInstances } = await call
    .client(RDSClient)
    .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
  const found = propertiesOf(DBInstances![0]!);
  return {
    ...{
      ...found,
      id: DBInstanceIdentifier,
      dbInstanceIdentifier: DBInstanceIdentifier,
      region: call.region,
    },
    ...{ dbInstanceArn: found.arn, dbInstanceClass: found.instanceClass, masterUsername: found.username },
    ...{ dbSubnetGroup: found.dbSubnetGroupName, vpcSecurityGroups: found.vpcSecurityGroupIds },
  };
};

const getDbSubnetGroup: Invoke = async (args, call) => {
  const { DescribeDBSubnetGroupsCommand, RDSClient } = await import("@aws-sdk/client-rds");
  const DBSubnetGroupName = String(args.name);
  const { DBSubnetGroups } = await call
    .client(RDSClient)
    .send(new DescribeDBSubnetGroupsCommand({ DBSubnetGroupName }));
  const found = DBSubnetGroups![0]!;
  return {
    ...{ id: DBSubnetGroupName, name: DBSubnetGroupName, region: call.region, arn: found.DBSubnetGroupArn },
    ...{ description: found.DBSubnetGroupDescription, status: found.SubnetGroupStatus, vpcId: found.VpcId },
    subnetIds: found.Subnets?.map(({ SubnetIdentifier }) => SubnetIdentifier),
    supportedNetworkTypes: found.SupportedNetworkTypes ?? [],
  };
};

export const invokes: Record<string, Invoke> = {
  "aws:index/getCallerIdentity:getCallerIdentity": getCallerIdentity,
  "aws:index/getRegion:getRegion": getRegion,
  "aws:index/getPartition:getPartition": getPartition,
  "aws:index/getAvailabilityZones:getAvailabilityZones": getAvailabilityZones,
  "aws:rds/getInstance:getInstance": getDbInstance,
  "aws:rds/getSubnetGroup:getSubnetGroup": getDbSubnetGroup,
  "aws:ssm/getParametersByPath:getParametersByPath": getParametersByPath,
  "aws:ecr/getAuthorizationToken:getAuthorizationToken": getAuthorizationToken,
};
