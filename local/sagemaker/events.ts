import { postJson } from "./http";

/** Posts state changes to EventBridge's default bus, in order; an event that cannot be delivered is logged. */
export class Events {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly cloudUrl: string) {}

  /** `detailType` without its ending, such as `SageMaker Training Job`. */
  stateChange(detailType: string, arn: string, detail: Record<string, unknown>): void {
    const event = {
      source: "aws.sagemaker",
      "detail-type": `${detailType} State Change`,
      resources: [arn],
      detail,
    };
    this.last = this.last
      .then(() => postJson(`${this.cloudUrl}/_slipway/events`, event))
      .catch((error: Error) => console.error(`event '${event["detail-type"]}' of ${arn}: ${error.message}`));
  }

  /** Resolves when all events so far have been handed over. */
  async flush(): Promise<void> {
    await this.last;
  }
}

/** Events carry milliseconds since 1970 where the API has seconds. */
export function withMilliseconds(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]: [string, unknown]) => [name, inMilliseconds(name, value)]),
  );
}

function inMilliseconds(name: string, value: unknown): unknown {
  if (typeof value === "number" && /Time$|^Timestamp$/.test(name)) return Math.round(value * 1000);
  if (Array.isArray(value)) return value.map((item: unknown) => inMilliseconds("", item));
  if (typeof value === "object" && value !== null) return withMilliseconds(value);
  return value;
}

/** Tags as events have them. */
export const tagObject = (tags: { Key?: string; Value?: string }[]) =>
  Object.fromEntries(tags.map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
