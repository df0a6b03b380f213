import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { grant, policyDocument } from "../shared/policy";
import { DataSource, type SourceArgs } from "./data-source";
import { checkRedshiftSettings, type RedshiftSettings } from "./redshift-settings";
import { statementsFor, type Warehouse, warehouse } from "./redshift-warehouse";

export { type RedshiftSettings } from "./redshift-settings";

export interface RedshiftSourceArgs extends SourceArgs {
  settings: RedshiftSettings;
  /** Whether destroying the stack deletes a warehouse that it has made. */
  deleteData: boolean;
}

/**
 * Rows of Redshift, by a query and a watermark: Redshift itself unloads them into the data bucket as Parquet. The
 * warehouse is a Serverless workgroup or a provisioned cluster that is there already, or a new Serverless workgroup:
 * encrypted, not public, with a daily limit of what it may cost.
 */
export class RedshiftSource extends DataSource {
  /** Of the role that UNLOAD takes; a warehouse that was there already has to be given it. */
  readonly unloadRoleArn: pulumi.Output<string>;
  /** Of a warehouse that the stack has made. */
  readonly workgroup: aws.redshiftserverless.Workgroup | undefined;

  override get outputs() {
    const { unloadRoleArn, workgroup } = this;
    return { ...super.outputs, unloadRoleArn, ...(workgroup ? { workgroup: workgroup.workgroupName } : {}) };
  }

  constructor(name: string, args: RedshiftSourceArgs, opts?: pulumi.ComponentResourceOptions) {
    const { context, data, settings, source } = args;
    checkRedshiftSettings(settings);
    let made: Warehouse | undefined;
    let roleArn: pulumi.Input<string> = "";
    const settle = (parent: pulumi.Resource) => {
      roleArn = settings.unloadRoleArn ?? unloadRole(name, args, parent).arn;
      made = warehouse(name, { ...args, unloadRoleArn: roleArn }, parent);
      return kindOf(args, made, roleArn);
    };
    super("slipway:data:RedshiftSource", name, args, settle, opts);
    this.unloadRoleArn = pulumi.output(roleArn);
    this.workgroup = made!.workgroup;
    data.grantTake(this.grantee, `incoming/${source}/*`); // what has landed is removed
    grant(name, this.grantee, "statements", statementsFor(context, made!, settings), this);
    this.registerOutputs({ functionName: this.functionName, unloadRoleArn: this.unloadRoleArn });
  }
}

function kindOf(
  { data, settings, source }: RedshiftSourceArgs,
  made: Warehouse,
  roleArn: pulumi.Input<string>,
) {
  const { query, watermark, overlapSeconds = 60, schedule = "rate(1 day)" } = settings;
  const { database, workgroupArn, clusterIdentifier, secretArn } = made;
  return {
    kind: "redshift",
    description: `Lands what is new in a query of Redshift, for the source ${source}`,
    settings: {
      ...{ query, watermark, overlapSeconds, roleArn, keyArn: data.key.arn },
      ...{ database, workgroupArn, clusterIdentifier, secretArn },
    },
    schedule,
  };
}

/** May write what the source unloads, and read nothing. */
function unloadRole(
  name: string,
  { context, data, source }: RedshiftSourceArgs,
  parent: pulumi.Resource,
): aws.iam.Role {
  const role = new aws.iam.Role(
    `${name}-unload-role`,
    {
      description: `UNLOAD of Redshift to incoming/${source}/ of ${context.project}, stack ${context.stack}`,
      // No condition on the account: Redshift takes a role only of a namespace or cluster that it was given to.
      assumeRolePolicy: policyDocument([
        {
          Principal: { Service: ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"] },
          Action: "sts:AssumeRole",
        },
      ]),
      tags: context.tags,
    },
    { parent },
  );
  const unloader = { role, label: `${source}-unload` };
  const incoming = `incoming/${source}/*`;
  data.grantDeliver(unloader, incoming);
  grant(
    name,
    { role, label: "unload" },
    "list", // UNLOAD looks whether something is there already
    [
      {
        Action: "s3:ListBucket",
        Resource: data.bucket.arn,
        Condition: { StringLike: { "s3:prefix": incoming } },
      },
    ],
    parent,
  );
  return role;
}
