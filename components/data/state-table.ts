import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";
import { type Grantee, grant } from "../shared/policy";

export interface StateTableArgs {
  context: Context;
  /** Whether destroying the stack deletes what is in it. */
  deleteData: boolean;
}

/** What an item of the table is about: the first part of its id. */
export type StateKind = "idempotency" | "batch" | "published" | "subscription";

/**
 * What the API's Lambdas must remember between requests, in one DynamoDB table: items with the key `id`, such as
 * `batch#0a1b2c`, which are gone some time after `expires` (seconds since 1970). It costs nothing while nobody asks.
 */
export class StateTable extends pulumi.ComponentResource {
  readonly table: aws.dynamodb.Table;

  constructor(
    private readonly name: string,
    { context, deleteData }: StateTableArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:api:StateTable", name, {}, opts);
    this.table = new aws.dynamodb.Table(
      `${name}-table`,
      {
        billingMode: "PAY_PER_REQUEST",
        hashKey: "id",
        attributes: [{ name: "id", type: "S" }],
        ttl: { attributeName: "expires", enabled: true },
        serverSideEncryption: { enabled: true },
        deletionProtectionEnabled: !deleteData,
        tags: context.tags,
      },
      { parent: this },
    );
    this.registerOutputs({ tableName: this.table.name });
  }

  /** Lets the grantee read and write the items of one kind. */
  grantUse(grantee: Grantee, kind: StateKind): void {
    grant(
      this.name,
      grantee,
      kind,
      [
        {
          Action: ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"],
          Resource: this.table.arn,
          Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [`${kind}#*`] } },
        },
      ],
      this,
    );
  }
}
