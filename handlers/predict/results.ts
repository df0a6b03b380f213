import { type Announcing } from "../shared/announcing";
import { type EventOf, type Prediction } from "../shared/events";
import { announced } from "./announced";

/** The predictions of one request. */
export interface Results {
  requestId: string;
  time: string;
  predictions: Prediction[];
}

/** A message of SQS or SNS holds 256 KB, and SNS carries JSON within JSON: this leaves room for both. */
const maxBytes = 100_000;

/**
 * The events that tell the subscribers of those of `results` that they are to hear of: none, one, or more when it would
 * be too large for a message.
 */
export function resultEvents(
  results: Results,
  release: string,
  source: { stack: string; target: { name: string; unit: string }; announcing: Announcing },
): EventOf<"prediction.results">[] {
  const { requestId, time, predictions } = results;
  return parts(announced(predictions, requestId, source.announcing)).map(({ offset, items }) => ({
    kind: "prediction.results",
    stack: source.stack,
    severity: "info",
    time,
    id: `${requestId}/${offset}`,
    detail: {
      release,
      target: source.target.name,
      unit: source.target.unit,
      count: items.length,
      requests: [{ requestId, offset, time, predictions: items }],
    },
  }));
}

interface Placed<Item> {
  /** In the request. */
  position: number;
  item: Item;
}

/** `placed` in order, cut where the JSON of a part would exceed `maxBytes`; `offset` is the position of its first item. */
function parts<Item>(placed: Placed<Item>[]): { offset: number; items: Item[] }[] {
  const cut: { offset: number; items: Item[] }[] = [];
  let bytes = Infinity;
  for (const { position, item } of placed) {
    const size = Buffer.byteLength(JSON.stringify(item));
    if (bytes + size > maxBytes) {
      cut.push({ offset: position, items: [] });
      bytes = 0;
    }
    cut.at(-1)?.items.push(item);
    bytes += size;
  }
  return cut;
}
