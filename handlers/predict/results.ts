import { type EventOf, type Prediction } from "../shared/events";

/** The predictions of one request. */
export interface Results {
  requestId: string;
  time: string;
  predictions: Prediction[];
}

/** A message of SQS or SNS holds 256 KB, and SNS carries JSON within JSON: this leaves room for both. */
const maxBytes = 100_000;

/** The events that tell the subscribers of `results`: one, or more when it would be too large for a message. */
export function resultEvents(
  results: Results,
  release: string,
  source: { stack: string; target: { name: string; unit: string } },
): EventOf<"prediction.results">[] {
  const { requestId, time, predictions } = results;
  return parts(predictions).map(({ offset, items }) => ({
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

/** `items` in order, cut where the JSON of a part would exceed `maxBytes`. */
function parts<Item>(items: Item[]): { offset: number; items: Item[] }[] {
  const cut: { offset: number; items: Item[] }[] = [];
  let bytes = Infinity;
  items.forEach((item, offset) => {
    const size = Buffer.byteLength(JSON.stringify(item));
    if (bytes + size > maxBytes) {
      cut.push({ offset, items: [] });
      bytes = 0;
    }
    cut.at(-1)?.items.push(item);
    bytes += size;
  });
  return cut;
}
