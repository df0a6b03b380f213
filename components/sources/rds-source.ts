import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { grant } from "../shared/policy";
import { DataSource, type SourceArgs } from "./data-source";
import { reach, type Reached } from "./rds-database";
import { checkRdsSettings, type RdsSettings } from "./rds-settings";

export { type RdsSettings } from "./rds-settings";

export interface RdsSourceArgs extends SourceArgs {
  settings: RdsSettings;
  /** Whether destroying the stack deletes a database that it has made, without a last snapshot. */
  deleteData: boolean;
}

/**
 * Rows of PostgreSQL or MySQL, by a table or query and a watermark. The database is one that is there already, by the
 * ARN of RDS or an address, or a new RDS instance in a VPC of its own without a way to the internet.
 */
export class RdsSource extends DataSource {
  readonly host: pulumi.Input<string>;
  readonly port: pulumi.Input<number>;
  readonly secretArn: pulumi.Input<string>;
  /** Of a database that the stack has made. */
  readonly instance: aws.rds.Instance | undefined;

  override get outputs() {
    return { ...super.outputs, host: this.host, port: this.port, secretArn: this.secretArn };
  }

  constructor(name: string, args: RdsSourceArgs, opts?: pulumi.ComponentResourceOptions) {
    const { settings, context, source, deleteData } = args;
    checkRdsSettings(settings);
    let reached: Reached | undefined;
    const settle = (parent: pulumi.Resource) => {
      reached = reach(name, { context, source, settings, deleteData }, parent);
      return kindOf(settings, reached);
    };
    super("slipway:data:RdsSource", name, args, settle, opts);
    const { host, port, secretArn, instance } = reached!;
    this.host = host;
    this.port = port;
    this.secretArn = secretArn;
    this.instance = instance;
    grant(name, this.grantee, "secret", secretStatements(args, secretArn), this);
    this.registerOutputs({ functionName: this.functionName, host, port, secretArn });
  }
}

function kindOf(settings: RdsSettings, { host, port, secretArn, vpcConfig }: Reached) {
  const { engine, database, table, query, watermark } = settings;
  return {
    kind: "rds",
    description: `Lands what is new in ${table ?? "a query"} of the ${engine} database ${database}`,
    settings: {
      ...{ engine, host, port, database, secretArn, table, query, watermark },
      rowsPerObject: settings.rowsPerObject ?? 100_000,
      overlapSeconds: settings.overlapSeconds ?? 60,
      statementTimeoutSeconds: settings.statementTimeoutSeconds ?? 300,
      timeZone: settings.timeZone ?? "UTC",
    },
    schedule: settings.schedule ?? "rate(1 hour)",
    vpcConfig,
  };
}

function secretStatements({ settings, context }: RdsSourceArgs, secretArn: pulumi.Input<string>) {
  const read = { Action: "secretsmanager:GetSecretValue", Resource: secretArn };
  if (settings.secretKeyArn === undefined) return [read]; // Amazon's key for secrets needs no permission
  const service = `secretsmanager.${context.region}.amazonaws.com`;
  const decrypt = {
    Action: "kms:Decrypt",
    Resource: settings.secretKeyArn,
    Condition: { StringEquals: { "kms:ViaService": service } },
  };
  return [read, decrypt];
}
