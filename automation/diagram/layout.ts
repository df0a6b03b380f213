import { type ElkNode } from "elkjs/lib/elk-api";
import { type Architecture, type Edge, type Node } from "./graph";

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  width: number;
  height: number;
}

/** Where everything of a picture is, seen from above. */
export interface Layout {
  width: number;
  height: number;
  nodes: (Box & { node: Node })[];
  edges: { edge: Edge; points: Point[]; label?: Box }[];
}

export const boxWidth = 190;
export const boxHeight = 86;
export const labelHeight = 16;

/** About as wide as a browser draws it: no text here is so long that it matters. */
export const textWidth = (text: string, size: number, bold = false) =>
  text.length * size * (bold ? 0.62 : 0.57);

export const labelSize = 11;

/** From those outside, at the top, down to what all leads to. */
const options = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.separateConnectedComponents": "false",
  "elk.layered.layering.strategy": "LONGEST_PATH_SOURCE",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.spacing.nodeNode": "24",
  "elk.spacing.edgeNode": "14",
  "elk.spacing.edgeEdge": "10",
  "elk.spacing.edgeLabel": "2",
  "elk.layered.spacing.nodeNodeBetweenLayers": "18",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
};

/** Lays the boxes out in layers and leads the edges around them: the Eclipse Layout Kernel (ELK). */
export async function layOut(architecture: Architecture): Promise<Layout> {
  const { default: elk } = await import("elkjs/lib/elk.bundled.js"); // large, so only when it is needed
  const {
    width = 0,
    height = 0,
    children = [],
    edges = [],
  } = await new elk.default().layout(graphOf(architecture));
  return {
    ...{ width, height },
    nodes: architecture.nodes.map((node, index) => ({ node, ...boxOf(children[index]!) })),
    edges: architecture.edges.map((edge, index) => {
      const { sections = [], labels = [] } = edges[index]!;
      const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [
        startPoint,
        ...bendPoints,
        endPoint,
      ]);
      return { edge, points, ...(labels[0] ? { label: boxOf(labels[0]) } : {}) };
    }),
  };
}

const graphOf = ({ nodes, edges }: Architecture): ElkNode => ({
  id: "architecture",
  layoutOptions: options,
  children: nodes.map(({ name }) => ({ id: name, width: boxWidth, height: boxHeight })),
  edges: edges.map(({ from, to, what }, index) => ({
    ...{ id: `${index}`, sources: [from], targets: [to] },
    labels: what ? [labelOf(what)] : [],
  })),
});

const labelOf = (text: string) => ({
  ...{ text, width: textWidth(text, labelSize) + 10, height: labelHeight },
  layoutOptions: { "elk.edgeLabels.inline": "true" }, // on the line, not beside it
});

const boxOf = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box => ({ x, y, width, height });
