import { estimate } from "../cost/estimate";
import { type Resource } from "../stack";
import { rankOf, wordsOf } from "./components";
import { type KnownFlow, onlookers, type OutsideIcon, outsiders, programFlows, releaseFlows } from "./flows";
import { type Group, groupsOf, type Use, usesOf } from "./groups";
import { type Service, servicesOf } from "./services";

/** What a preview would do with a resource. */
export type Change = "added" | "changed" | "removed";
export type Counts = Partial<Record<Change, number>>;

/** A component of the program, or somebody outside. */
export interface Node {
  /** The component's name in the program; unique in a picture. */
  name: string;
  /** Its token; undefined for somebody outside. */
  component?: string;
  title: string;
  what: string;
  /** Of somebody outside. */
  icon?: OutsideIcon;
  /** How many resources are in it. */
  resources: number;
  services: Service[];
  /** US dollars, whether it is used or not. */
  monthly: number;
  /** Of a difference: how many resources would be what. */
  changes?: Counts;
}

/** What flows between two nodes. */
export interface Edge {
  from: string;
  to: string;
  what: string;
  /** An answer comes back. */
  answered?: boolean;
  /** Moved by `slipway release`, not by the resources themselves. */
  by?: "release";
  /** Between components that the table of flows does not know: all that is known is that one is made with the other. */
  unknown?: boolean;
  change?: Change;
}

/** What a stack is, and what a preview would change of it. */
export interface Difference {
  before: Resource[];
  /** URNs. */
  changed: string[];
}

/** A picture of a stack before it is drawn. */
export interface Architecture {
  stack: string;
  nodes: Node[];
  edges: Edge[];
  resources: number;
  monthly: number;
  /** Of a difference. */
  monthlyBefore?: number;
  changes?: Counts;
}

/**
 * The architecture of a stack from its own resources: those of its state, or of a preview.
 *
 * Boxes: each component that the program itself declares is one, with all that is below it; whatever the program declares
 * outside components is one box more. What holds no resource is left out.
 *
 * Arrows: what is made with another's value (Pulumi's dependencies, such as a policy of the bucket for the role of a job) shows
 * that two components work together, and not which way the data goes. So an arrow is drawn where there is such a dependency, and
 * a table (`flows.ts`) says which way and what; where the table does not know the two, the arrow points to what is made
 * with the other, and says nothing. What only a release moves has no dependency to show it: it is in the table by itself, and is
 * drawn otherwise. So are the people and things outside.
 *
 * @param coming resources that are to be paid for, and are not there yet.
 */
export function architecture(
  stack: string,
  resources: Resource[],
  { coming = [], difference }: { coming?: Resource[]; difference?: Difference } = {},
): Architecture {
  const changes = difference && changesOf(resources, difference);
  const gone = difference?.before.filter(({ urn }) => changes?.get(urn) === "removed") ?? [];
  const all = [...resources, ...gone].sort(byUrn); // the engine's own order is another each time
  const groups = groupsOf(all);
  const nodes = groups.map((group) => nodeOf(group, coming, changes));
  const { nodes: outside, edges: outward } = outsideOf(nodes);
  const now = usesOf(groups, resources.toSorted(byUrn));
  const programEdges = difference ? changedEdges(now, usesOf(groups, difference.before)) : edgesOf(now);
  const edges = [...programEdges, ...releaseEdges(nodes), ...outward];
  return {
    stack,
    nodes: [...nodes, ...outside].sort(byRank),
    edges: (changes ? edges.map((edge) => withEnds(edge, nodes)) : edges).sort(byEnds),
    resources: sum(nodes, (node) => node.resources - (node.changes?.removed ?? 0)),
    monthly: sum(nodes, ({ monthly }) => monthly),
    ...(difference && {
      changes: tally(groups.flatMap((group) => group.resources.map(({ urn }) => changes?.get(urn)))),
      monthlyBefore: difference.before.length > 0 ? estimate([...difference.before, ...coming]).monthly : 0,
    }),
  };
}

function changesOf(after: Resource[], { before, changed }: Difference): Map<string, Change> {
  const urns = (resources: Resource[]) => new Set(resources.map(({ urn }) => urn));
  const [then, now] = [urns(before), urns(after)];
  const kinds: [Change, Iterable<string>][] = [
    ["changed", changed],
    ["added", [...now].filter((urn) => !then.has(urn))],
    ["removed", [...then].filter((urn) => !now.has(urn))],
  ];
  return new Map(kinds.flatMap(([change, all]) => [...all].map((urn): [string, Change] => [urn, change])));
}

/** What is said of a node as a whole. */
export function changeOf({ resources, changes = {} }: Node): Change | undefined {
  if (resources > 0 && changes.added === resources) return "added";
  if (resources > 0 && changes.removed === resources) return "removed";
  return Object.keys(changes).length > 0 ? "changed" : undefined;
}

function nodeOf(
  { name, component, resources }: Group,
  coming: Resource[],
  changes?: Map<string, Change>,
): Node {
  const paid = [
    ...resources.filter(({ urn }) => changes?.get(urn) !== "removed"),
    ...coming.filter(({ urn }) => urn.includes(`${component}$`)),
  ];
  return {
    ...{ name, component, ...wordsOf(component), resources: resources.length },
    services: servicesOf(resources),
    monthly: estimate(paid).monthly,
    ...(changes ? { changes: tally(resources.map(({ urn }) => changes.get(urn))) } : {}),
  };
}

/** One edge for each two groups, or two where the table has both ways. */
const edgesOf = (uses: Map<string, Use>): Edge[] => [...uses.values()].flatMap(edgesBetween);

function edgesBetween({ user, used }: Use): Edge[] {
  const ways = [
    { from: user, to: used },
    { from: used, to: user },
  ];
  const known = ways.flatMap(({ from, to }) =>
    programFlows
      .filter((flow) => flow.from === from.component && flow.to === to.component)
      .map((flow) => edge(flow, from.name, to.name)),
  );
  if (known.length > 0 || onlookers.includes(user.component)) return known;
  return [{ from: used.name, to: user.name, what: "", unknown: true }];
}

const changedEdges = (now: Map<string, Use>, then: Map<string, Use>): Edge[] =>
  [...new Map([...then, ...now])].flatMap(([key, use]) => {
    const change = !then.has(key) ? "added" : !now.has(key) ? "removed" : undefined;
    return edgesBetween(use).map((each) => (change ? { ...each, change } : each));
  });

const edge = ({ what, answered, by }: Omit<KnownFlow, "from" | "to">, from: string, to: string): Edge => ({
  ...{ from, to, what },
  ...(answered ? { answered } : {}),
  ...(by ? { by } : {}),
});

const releaseEdges = (nodes: Node[]): Edge[] =>
  releaseFlows.flatMap((flow) =>
    nodes
      .filter(({ component }) => component === flow.from)
      .flatMap(({ name }) =>
        nodes.filter(({ component }) => component === flow.to).map((to) => edge(flow, name, to.name)),
      ),
  );

function outsideOf(nodes: Node[]): { nodes: Node[]; edges: Edge[] } {
  const found = outsiders.flatMap(({ beside, flow, ...outsider }) => {
    const component = beside.find((token) => nodes.some((node) => node.component === token));
    const inside = nodes.find((node) => node.component === component);
    if (!component || !inside) return [];
    const [from, to] = flow.inward ? [outsider.name, inside.name] : [inside.name, outsider.name];
    return [{ outsider, edge: edge(flow, from, to) }];
  });
  return {
    nodes: found.map(({ outsider }) => ({ ...outsider, resources: 0, services: [], monthly: 0 })),
    edges: found.map((each) => each.edge),
  };
}

/** An edge comes and goes with the nodes that it is between. */
function withEnds(edge: Edge, nodes: Node[]): Edge {
  const ends = nodes.filter(({ name }) => name === edge.from || name === edge.to).map(changeOf);
  const change = edge.change ?? (["removed", "added"] as const).find((each) => ends.includes(each));
  return change ? { ...edge, change } : edge;
}

const byUrn = (a: Resource, b: Resource) => compare(a.urn, b.urn);

const byRank = (a: Node, b: Node) => rankOf(a.component) - rankOf(b.component) || compare(a.name, b.name);

const byEnds = (a: Edge, b: Edge) => compare(a.from, b.from) || compare(a.to, b.to);

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

function tally(changes: (Change | undefined)[]): Counts {
  const counts: Counts = {};
  for (const change of changes) if (change) counts[change] = (counts[change] ?? 0) + 1;
  return counts;
}

const sum = <T>(all: T[], of: (one: T) => number) => all.reduce((total, one) => total + of(one), 0);
