import {
  type CancellationReason,
  type DynamoDBClient,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import pRetry from "p-retry";

/** Whose turn an event is: this publisher's, nobody's any more (it is published), or another's for now. */
export type Turn = "mine" | "published" | "busy";

/** Who publishes which event, so that a message that SQS delivers again is not told again. */
export interface Claims {
  /** Claims events by id for `leaseSeconds`, after which another publisher may take them over. */
  claim(ids: string[]): Promise<Map<string, Turn>>;
  /** Marks events as published. Doing it again is fine. */
  settle(ids: string[]): Promise<void>;
}

/**
 * For so long an event is known, and not published again: longer than its message can wait in the results queue (4 days)
 * and then in the dead-letter queue (14 days).
 */
export const windowDays = 21;

const transactionItems = 100; // DynamoDB takes no more at once

/**
 * Claims in the state table, items `published#<event id>`. While an event is claimed its item has a `lease`, the time in
 * milliseconds at which it ends; once it is published it has none. A publisher that dies leaves its lease to end, so that
 * nothing is lost.
 */
export class TableClaims implements Claims {
  constructor(
    private readonly client: DynamoDBClient,
    private readonly table: string,
    private readonly leaseSeconds: number,
    private readonly now: () => number = Date.now,
  ) {}

  async claim(ids: string[]): Promise<Map<string, Turn>> {
    const turns = new Map<string, Turn>();
    for (const part of parts(ids)) {
      for (let left = part; left.length > 0; left = left.filter((id) => !turns.has(id))) {
        for (const [id, turn] of await this.claimPart(left)) turns.set(id, turn);
      }
    }
    return turns;
  }

  async settle(ids: string[]): Promise<void> {
    for (const part of parts(ids)) {
      const items = part.map((id) => ({ Put: { TableName: this.table, Item: this.item(id) } }));
      // Publisher and receipt may settle the same event at the same moment: then DynamoDB refuses one of them.
      await pRetry(() => this.write(items), { retries: 5, minTimeout: 50, shouldRetry: isConflict });
    }
  }

  /** All of `ids`, or those that somebody else has: then the rest is to be claimed again, as a transaction is all or nothing. */
  private async claimPart(ids: string[]): Promise<[string, Turn][]> {
    const now = this.now();
    const items = ids.map((id) => ({
      Put: {
        TableName: this.table,
        Item: { ...this.item(id), lease: { N: `${now + this.leaseSeconds * 1000}` } },
        ConditionExpression: "attribute_not_exists(id) OR lease < :now",
        ExpressionAttributeValues: { ":now": { N: `${now}` } },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
      },
    }));
    try {
      await this.write(items);
      return ids.map((id) => [id, "mine"]);
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const refused = ids.flatMap((id, index): [string, Turn][] => {
        const turn = turnOf(error.CancellationReasons?.[index]);
        return turn === undefined ? [] : [[id, turn]];
      });
      if (refused.length === 0) throw error; // or it would go round for ever
      return refused;
    }
  }

  private item(id: string) {
    const expires = Math.ceil(this.now() / 1000) + windowDays * 86_400;
    return { id: { S: `published#${id}` }, expires: { N: `${expires}` } };
  }

  private async write(TransactItems: TransactWriteItem[]): Promise<void> {
    await this.client.send(new TransactWriteItemsCommand({ TransactItems }));
  }
}

/** Why an item of a transaction was refused, as a turn; undefined for one that was not. */
function turnOf({ Code, Item }: CancellationReason = {}): Turn | undefined {
  if (Code === "ConditionalCheckFailed") return Item?.lease === undefined ? "published" : "busy";
  return Code === "TransactionConflict" ? "busy" : undefined;
}

const isConflict = ({ error }: { error: Error }) =>
  error instanceof TransactionCanceledException &&
  (error.CancellationReasons ?? []).some(({ Code }) => Code === "TransactionConflict");

function* parts(ids: string[]): Generator<string[]> {
  for (let start = 0; start < ids.length; start += transactionItems) {
    yield ids.slice(start, start + transactionItems);
  }
}
