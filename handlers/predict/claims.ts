import * as v from "valibot";
import { AwsError, type AwsClient } from "../shared/aws";
import { type Claim, type Claims } from "./idempotency";

/** What the table holds of a key, in DynamoDB's notation. */
const itemSchema = v.object({
  requestHash: v.object({ S: v.string() }),
  answer: v.optional(v.object({ S: v.string() })),
});

/** For how long an answer is kept. */
const keptSeconds = 24 * 3600;
/** A Lambda that has not answered by then has ended without telling. */
const heldSeconds = 30;

/** Idempotency keys in the StateTable: whoever writes the item first has the key (a conditional write). */
export class TableClaims implements Claims {
  constructor(
    private readonly dynamodb: Pick<AwsClient, "call">,
    private readonly table: string,
    private readonly now = () => Math.floor(Date.now() / 1000),
  ) {}

  async claim(key: string, requestHash: string, holder: string): Promise<Claim> {
    const now = this.now();
    try {
      await this.dynamodb.call("DynamoDB_20120810.PutItem", {
        TableName: this.table,
        Item: {
          ...{ id: { S: idOf(key) }, requestHash: { S: requestHash }, heldBy: { S: holder } },
          ...{ heldUntil: number(now + heldSeconds), expires: number(now + keptSeconds) },
        },
        // DynamoDB deletes expired items hours later. `heldBy`: a second attempt finds what the first has written.
        ConditionExpression:
          "attribute_not_exists(id) OR expires < :now OR heldBy = :holder OR (attribute_not_exists(answer) AND heldUntil < :now)",
        ExpressionAttributeValues: { ":now": number(now), ":holder": { S: holder } },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      });
      return { state: "ours" };
    } catch (error) {
      if (!isRefusedByCondition(error)) throw error;
      const { requestHash: known, answer } = v.parse(itemSchema, error.body.Item);
      if (known.S !== requestHash) return { state: "other-request" };
      return answer ? { state: "answered", answer: answer.S } : { state: "running" };
    }
  }

  async keep(key: string, holder: string, answer: string): Promise<void> {
    await this.dynamodb.call("DynamoDB_20120810.UpdateItem", {
      ...this.heldBy(key, holder, { ":answer": { S: answer } }),
      UpdateExpression: "SET answer = :answer",
    });
  }

  async release(key: string, holder: string): Promise<void> {
    await this.dynamodb.call("DynamoDB_20120810.DeleteItem", this.heldBy(key, holder));
  }

  /** The key's item, as long as this holder has it. */
  private heldBy(key: string, holder: string, values = {}) {
    return {
      ...{ TableName: this.table, Key: { id: { S: idOf(key) } }, ConditionExpression: "heldBy = :holder" },
      ExpressionAttributeValues: { ":holder": { S: holder }, ...values },
    };
  }
}

const idOf = (key: string) => `idempotency#${key}`;

const number = (value: number) => ({ N: `${value}` });

const isRefusedByCondition = (error: unknown): error is AwsError =>
  error instanceof AwsError && error.name === "ConditionalCheckFailedException";
