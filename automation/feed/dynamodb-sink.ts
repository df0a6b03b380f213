import {
  type AttributeValue,
  BatchWriteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { randomUUID } from "node:crypto";
import { type FeedEvent } from "./events";
import { type Sink, untilTaken } from "./sink";

type Item = Record<string, AttributeValue>;

/** A DynamoDB table: each event is a new item, whose key is made up where the event has no such field. */
export class DynamodbSink implements Sink {
  readonly batch = 25; // BatchWriteItem takes no more
  private numbers = Date.now() * 1000;

  private constructor(
    private readonly client: DynamoDBClient,
    private readonly tableArn: string,
    /** Names of the table's key attributes, and whether they are texts or numbers. */
    private readonly keys: Map<string, "S" | "N">,
  ) {}

  /** @throws Error when there is no such table. */
  static async open(client: DynamoDBClient, tableArn: string): Promise<DynamodbSink> {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableArn }));
    const { KeySchema = [], AttributeDefinitions = [] } = Table ?? {};
    const types = new Map(AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]));
    const keys = KeySchema.map(({ AttributeName = "" }): [string, "S" | "N"] => [
      AttributeName,
      types.get(AttributeName) === "N" ? "N" : "S",
    ]);
    return new DynamodbSink(client, tableArn, new Map(keys));
  }

  get name(): string {
    return this.tableArn.split("/").at(-1) ?? "";
  }

  send(events: FeedEvent[], signal: AbortSignal) {
    // the item stays the same when it is sent again
    const items = new Map(events.map((event) => [event, this.itemOf(event)]));
    const put = async (waiting: FeedEvent[]) => {
      const puts = waiting.map((event): WriteRequest => ({ PutRequest: { Item: items.get(event) } }));
      const { UnprocessedItems = {} } = await this.client.send(
        new BatchWriteItemCommand({ RequestItems: { [this.tableArn]: puts } }),
      );
      const left = Object.values(UnprocessedItems).flat();
      const refused = new Set(left.map(({ PutRequest }) => this.keyOf(PutRequest?.Item ?? {})));
      return waiting.filter((event) => refused.has(this.keyOf(items.get(event)!)));
    };
    return untilTaken(events, put, signal);
  }

  /** Poison that is no JSON object becomes an item of nothing but its key. */
  private itemOf({ text }: FeedEvent): Item {
    const made = [...this.keys].map(([name, type]) => [name, this.makeUp(type)]);
    return { ...(Object.fromEntries(made) as Item), ...attributesOf(text) };
  }

  private makeUp(type: "S" | "N"): AttributeValue {
    return type === "S" ? { S: randomUUID() } : { N: String((this.numbers += 1)) };
  }

  private readonly keyOf = (item: Item) => JSON.stringify([...this.keys.keys()].map((name) => item[name]));
}

function attributesOf(text: string): Item {
  const fields = Object.entries(objectOf(text)).filter(([, value]) => value !== null);
  return Object.fromEntries(fields.map(([name, value]) => [name, valueOf(value)]));
}

function objectOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

function valueOf(value: unknown): AttributeValue {
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  return { S: typeof value === "string" ? value : JSON.stringify(value) };
}
