import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import * as v from "valibot";
import { type Batch, batchSchema, oldestUpload } from "./batch";

/** What changes of a batch; what is undefined stays, what is null goes. */
export type Changes = { [Name in keyof Batch]?: Batch[Name] | null | undefined };

/** What is remembered of batches. */
export interface Batches {
  create(batch: Batch): Promise<void>;
  /** Undefined for a batch that there is not, or is not any more. */
  find(id: string): Promise<Batch | undefined>;
  /**
   * Gives the batch, whose upload has come, to one run of the Lambda: to no other one, however often S3 tells of the
   * upload, and to the same one again when Lambda runs it again. Undefined when it is not to be had.
   */
  claim(id: string, owner: string, version: string | undefined): Promise<Batch | undefined>;
  /** Changes a batch that is queued or running. Undefined when it is neither: then it stays as it is. */
  update(id: string, changes: Changes): Promise<Batch | undefined>;
}

const key = (id: string) => marshall({ id: `batch#${id}` });

/** The batches of the StateTable. */
export class BatchTable implements Batches {
  constructor(
    private readonly table: string,
    private readonly client = new DynamoDBClient({ maxAttempts: 5 }),
    private readonly now = () => new Date(),
  ) {}

  async create(batch: Batch): Promise<void> {
    const Item = marshall({ ...batch, id: `batch#${batch.id}` }, { removeUndefinedValues: true });
    await this.client.send(
      new PutItemCommand({ TableName: this.table, Item, ConditionExpression: "attribute_not_exists(id)" }),
    );
  }

  async find(id: string): Promise<Batch | undefined> {
    const { Item } = await this.client.send(
      new GetItemCommand({ TableName: this.table, Key: key(id), ConsistentRead: true }),
    );
    const batch = batchOf(Item);
    // DynamoDB takes its time to remove what has expired.
    return batch && batch.expires > this.now().getTime() / 1000 ? batch : undefined;
  }

  async claim(id: string, owner: string, version: string | undefined): Promise<Batch | undefined> {
    const now = this.now();
    return this.change(id, {
      changes: { status: "queued", owner, version, heard: now.toISOString(), started: now.toISOString() },
      condition:
        "(#status = :awaiting AND uploadBy >= :oldest) OR (#status IN (:queued, :running) AND #owner = :owner AND attribute_not_exists(job))",
      values: {
        ...{ ":awaiting": "awaiting-upload", ":oldest": oldestUpload(now), ":running": "running" },
        ...{ ":queued": "queued" },
      },
    });
  }

  update(id: string, changes: Changes): Promise<Batch | undefined> {
    return this.change(id, {
      changes,
      condition: "#status IN (:queued, :running)",
      values: { ":queued": "queued", ":running": "running" },
    });
  }

  private async change(
    id: string,
    { changes, condition, values }: { changes: Changes; condition: string; values: Record<string, string> },
  ): Promise<Batch | undefined> {
    const entries = Object.entries(changes).filter(([, value]) => value !== undefined);
    const set = entries.filter(([, value]) => value !== null);
    const removed = entries.filter(([, value]) => value === null);
    const named = set.map(([name]) => `#${name} = :${name}`).join(", ");
    const names = Object.fromEntries(["status", ...entries.map(([name]) => name)].map((n) => [`#${n}`, n]));
    const input: UpdateItemCommandInput = {
      ...{ TableName: this.table, Key: key(id), ReturnValues: "ALL_NEW", ConditionExpression: condition },
      UpdateExpression:
        (named === "" ? "" : `SET ${named}`) +
        (removed.length === 0 ? "" : ` REMOVE ${removed.map(([name]) => `#${name}`).join(", ")}`),
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: marshall({
        ...values,
        ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
      }),
    };
    try {
      return batchOf((await this.client.send(new UpdateItemCommand(input))).Attributes);
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }
}

function batchOf(item: Parameters<typeof unmarshall>[0] | undefined): Batch | undefined {
  if (item === undefined) return undefined;
  const { id, ...batch } = unmarshall(item);
  return v.parse(batchSchema, { ...batch, id: String(id).replace(/^batch#/, "") });
}
