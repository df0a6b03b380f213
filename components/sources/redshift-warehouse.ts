import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { arn, type Context } from "../shared/context";
import { type DataBucket } from "../data/data-bucket";
import { type Statement } from "../shared/policy";
import { isNew, type RedshiftSettings } from "./redshift-settings";

/** A warehouse, as the Data API and IAM name it. */
export interface Warehouse {
  database: string;
  workgroupArn?: pulumi.Input<string>;
  clusterIdentifier?: string;
  secretArn?: pulumi.Input<string>;
  /** Of a warehouse that the stack has made. */
  workgroup?: aws.redshiftserverless.Workgroup;
}

export interface WarehouseArgs {
  context: Context;
  data: DataBucket;
  source: string;
  settings: RedshiftSettings;
  unloadRoleArn: pulumi.Input<string>;
  /** Whether destroying the stack deletes a warehouse that it has made. */
  deleteData: boolean;
}

/** The warehouse that the settings name, or a new one. */
export function warehouse(name: string, args: WarehouseArgs, parent: pulumi.Resource): Warehouse {
  const { settings } = args;
  const { database = "dev", workgroupArn, clusterIdentifier, secretArn } = settings;
  if (isNew(settings)) return newWarehouse(name, args, parent);
  return { database, workgroupArn, clusterIdentifier, secretArn };
}

function newWarehouse(name: string, args: WarehouseArgs, parent: pulumi.Resource): Warehouse {
  const { context, data, source, settings, unloadRoleArn, deleteData } = args;
  const { database = "dev", baseCapacity = 8, rpuHoursPerDay = 8, subnetIds, securityGroupIds } = settings;
  const label = `${context.project}-${context.stack}-${source}`;
  const namespace = new aws.redshiftserverless.Namespace(
    `${name}-namespace`,
    {
      namespaceName: label,
      dbName: database,
      manageAdminPassword: true, // in Secrets Manager, which rotates it; nobody sees it
      kmsKeyId: data.key.arn,
      iamRoles: [unloadRoleArn],
      logExports: ["connectionlog", "userlog"],
      tags: context.tags,
    },
    // Its data go with it: there is no last snapshot.
    { parent, protect: !deleteData },
  );
  const workgroup = new aws.redshiftserverless.Workgroup(
    `${name}-workgroup`,
    {
      workgroupName: label,
      namespaceName: namespace.namespaceName,
      publiclyAccessible: false,
      ...{ baseCapacity, subnetIds, securityGroupIds },
      configParameters: [{ parameterKey: "require_ssl", parameterValue: "true" }],
      tags: context.tags,
    },
    { parent },
  );
  new aws.redshiftserverless.UsageLimit(
    `${name}-limit`,
    {
      resourceArn: workgroup.arn,
      usageType: "serverless-compute",
      amount: rpuHoursPerDay,
      period: "daily",
      breachAction: "deactivate",
    },
    { parent },
  );
  return { database, workgroupArn: workgroup.arn, secretArn: namespace.adminPasswordSecretArn, workgroup };
}

/** What whoever runs statements in the warehouse must be allowed. */
export function statementsFor(
  context: Context,
  { database, workgroupArn, clusterIdentifier, secretArn }: Warehouse,
  { secretKeyArn }: RedshiftSettings,
): Statement[] {
  const resource = workgroupArn ?? arn(context, "redshift", `cluster:${clusterIdentifier}`);
  const credentials: Statement = workgroupArn
    ? { Action: "redshift-serverless:GetCredentials", Resource: workgroupArn }
    : {
        Action: "redshift:GetClusterCredentialsWithIAM",
        Resource: arn(context, "redshift", `dbname:${clusterIdentifier}/${database}`),
      };
  const secret: Statement[] = [
    { Action: "secretsmanager:GetSecretValue", Resource: secretArn },
    ...(secretKeyArn ? [{ Action: "kms:Decrypt", Resource: secretKeyArn }] : []),
  ];
  return [
    { Action: "redshift-data:ExecuteStatement", Resource: resource },
    // AWS offers no narrower resource for a statement: its id is known to who began it
    { Action: ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult"], Resource: "*" },
    ...(secretArn ? secret : [credentials]),
  ];
}
