import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { createHash } from "node:crypto";

/** How often something may happen. */
export interface Limit {
  /** What is counted: part of the item's id. */
  what: string;
  times: number;
  seconds: number;
}

/** Counts what callers do, so that nobody can flood an address or the API. */
export interface Limits {
  /** Counts one more by `who`; false, and it does not count, when the limit is reached. */
  allow(limit: Limit, who: string): Promise<boolean>;
}

/** Counters in the state table, items `subscription#<what>#<hash of who>#<number of the window>`. */
export class TableLimits implements Limits {
  constructor(
    private readonly client: DynamoDBClient,
    private readonly table: string,
    private readonly now: () => number = Date.now,
  ) {}

  async allow({ what, times, seconds }: Limit, who: string): Promise<boolean> {
    const window = Math.floor(this.now() / 1000 / seconds);
    const hash = createHash("sha256").update(who).digest("hex").slice(0, 32);
    try {
      await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: { id: { S: `subscription#${what}#${hash}#${window}` } },
          UpdateExpression: "ADD #count :one SET expires = :expires",
          ConditionExpression: "attribute_not_exists(#count) OR #count < :times",
          ExpressionAttributeNames: { "#count": "count" },
          ExpressionAttributeValues: {
            ":one": { N: "1" },
            ":times": { N: `${times}` },
            ":expires": { N: `${(window + 2) * seconds}` },
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
