import { createHash } from "node:crypto";
import { type Announcing } from "../shared/announcing";
import { type Prediction } from "../shared/events";

/**
 * Those of a request's predictions that the subscribers hear of, each with its position in the request. It is decided
 * here and not in the publisher because it is cheapest here: what nobody hears of costs no message, no publisher, and
 * no time of the caller's.
 */
export function announced(
  predictions: Prediction[],
  requestId: string,
  { share = 1, ...rules }: Announcing,
): { position: number; item: Prediction }[] {
  if (placeOf(requestId) >= share) return [];
  return predictions
    .map((item, position) => ({ position, item }))
    .filter(({ item }) => isWanted(item, rules));
}

/** From 0 to below 1, the same for the same id, and evenly spread over ids. */
const placeOf = (requestId: string) =>
  createHash("sha256").update(requestId).digest().readUInt32BE(0) / 2 ** 32;

/** Whether any of the rules applies, or there is none. */
function isWanted(
  prediction: Prediction,
  { above, below, wider, classes }: Omit<Announcing, "share">,
): boolean {
  const rules = [above, below, wider, classes];
  if (rules.every((rule) => rule === undefined)) return true;
  if (!("lower" in prediction)) return classes?.includes(prediction.value) ?? false;
  const { value, lower, upper } = prediction as { value: number; lower: number; upper: number };
  return (
    (above !== undefined && value > above) ||
    (below !== undefined && value < below) ||
    (wider !== undefined && upper - lower > wider)
  );
}
