import { dollars, signed } from "../cost/stack-cost";
import { type Architecture, type Change, type Counts, type Edge, type Node } from "./graph";

/** What a preview would do, as one sign. */
export const signs: Record<Change, string> = { added: "+", changed: "~", removed: "-" };

export const counted = (resources: number) => `${resources} ${resources === 1 ? "resource" : "resources"}`;

/** `+3 ~1 -2` */
export const describeChanges = (changes: Counts = {}): string =>
  (Object.keys(signs) as Change[])
    .flatMap((change) => (changes[change] ? [`${signs[change]}${changes[change]}`] : []))
    .join(" ");

/** What a node costs a month; nothing where it costs nothing while it is not used. */
export const priceTag = (monthly: number) => (monthly >= 0.005 ? dollars(monthly) : "");

/** A node in one line, for those who hear the picture or point at it. */
export function describeNode({ title, what, component, resources, monthly, changes }: Node): string {
  if (!component) return `${title}: ${what}`;
  const cost = priceTag(monthly);
  const parts = [counted(resources), ...(cost ? [`about ${cost} a month`] : []), inWords(changes)];
  return `${title}: ${what}; ${parts.filter(Boolean).join(", ")}`;
}

export function describeEdge({ from, to, what, answered, by, unknown, change }: Edge): string {
  if (unknown) return `${to} is made with ${from}${change ? `, ${change}` : ""}`;
  const moved = by ? ", moved by 'slipway release'" : answered ? ", with an answer" : "";
  return `${what}: from ${from} to ${to}${moved}${change ? `, ${change}` : ""}`;
}

/** The line below the title. */
export function summary({ resources, monthly, monthlyBefore, changes }: Architecture): string {
  const cost = `about ${dollars(monthly)} a month while nobody uses it`;
  if (!changes) return `${counted(resources)} · ${cost}`;
  const costChange = monthly - (monthlyBefore ?? 0);
  const compared = Math.abs(costChange) >= 0.005 ? ` (${signed(costChange)})` : "";
  const changed = describeChanges(changes);
  return `${changed ? `${changed} · then ` : "no change · "}${counted(resources)} · ${cost}${compared}`;
}

/** The whole picture in sentences. */
export function describePicture({ nodes, edges, resources, monthly, changes }: Architecture): string {
  const known = edges
    .filter(({ unknown }) => !unknown)
    .map(({ from, to, what }) => `${what} from ${from} to ${to}`);
  const boxes = nodes.filter(({ component }) => component).map(({ title }) => title);
  return (
    `${counted(resources)} in ${boxes.length} components, about ${dollars(monthly)} a month while nobody uses it: ` +
    `${boxes.join(", ")}. What flows: ${known.join("; ")}.` +
    (changes ? ` A preview would change it: ${inWords(changes) || "no resource"}.` : "")
  );
}

const inWords = (changes: Counts = {}) =>
  (Object.keys(signs) as Change[])
    .flatMap((change) => (changes[change] ? [`${changes[change]} ${change}`] : []))
    .join(", ");
