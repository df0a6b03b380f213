import { create } from "xmlbuilder2";
import { type XMLBuilder } from "xmlbuilder2/lib/interfaces";
import { areaOf } from "./components";
import { type Architecture, changeOf, type Edge, type Node } from "./graph";
import { type Icon, icons } from "./icons";
import { type Point, textWidth } from "./layout";
import { styleSheet } from "./style";
import { describeEdge, describeNode, describePicture } from "./text";

/** An element of a picture; what is written into it is escaped. */
export type Element = XMLBuilder;

type Attributes = Record<string, string | number | undefined>;

export type View = "2d" | "isometric";

const fonts =
  "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

/** A picture without anything in it yet: for people who hear it as well, light and dark, without script and other files. */
export function picture(architecture: Architecture, view: View, width: number, height: number): Element {
  const id = `architecture-${architecture.stack}-${view}`;
  const svg = add(create({ invalidCharReplacement: "" }), "svg", {
    ...{ xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${round(width)} ${round(height)}` },
    ...{ role: "img", "aria-labelledby": `${id}-title ${id}-text`, class: "slipway-architecture" },
    ...{ "data-stack": architecture.stack, "data-view": view, "font-family": fonts },
  });
  add(svg, "title", { id: `${id}-title` }).txt(`Architecture of the stack ${architecture.stack}`);
  add(svg, "desc", { id: `${id}-text` }).txt(describePicture(architecture));
  add(svg, "style").txt(`\n${styleSheet(".slipway-architecture", architecture.changes !== undefined)}\n`);
  add(svg, "rect", { class: "paper", width: round(width), height: round(height), rx: 10 });
  return svg;
}

/** The picture as text. */
export const written = (svg: Element): string => `${svg.end({ headless: true, prettyPrint: true })}\n`;

export function add(parent: Element, name: string, attributes: Attributes = {}): Element {
  const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return parent.ele(
    name,
    Object.fromEntries(
      given.map(([key, value]) => [key, typeof value === "number" ? `${round(value)}` : value!]),
    ),
  );
}

/** Text in one line; what does not fit into `width` is drawn smaller, down to four fifths, then cut. */
export function write(
  parent: Element,
  text: string,
  { size, width = Infinity, ...attributes }: Attributes & { size: number; width?: number },
): Element {
  const wide = textWidth(text, size, attributes.class === "title");
  const fitting = size * Math.max(0.8, Math.min(1, width / wide));
  const share = (width * size) / (wide * fitting);
  const shown = share < 0.999 ? `${text.slice(0, Math.floor(text.length * share) - 1).trimEnd()}…` : text;
  return add(parent, "text", { "font-size": fitting, ...attributes }).txt(shown);
}

/** A node's element, to be filled; pages find it by its component and name. */
export function nodeElement(parent: Element, node: Node, isDifference: boolean): Element {
  const change = changeOf(node);
  const area = isDifference && node.component && !change ? "unchanged" : areaOf(node.component);
  const element = add(parent, "g", {
    class: ["node", area, change].filter(Boolean).join(" "),
    ...{ "data-component": node.component ?? "outside", "data-name": node.name },
  });
  add(element, "title").txt(describeNode(node));
  return element;
}

/** An edge's element, to be filled; pages find it by its ends. */
export function edgeElement(parent: Element, edge: Edge, isDifference: boolean): Element {
  const kind = edge.by ?? (edge.unknown ? "unknown" : undefined);
  const element = add(parent, "g", {
    class: ["edge", kind, edge.change ?? (isDifference ? "unchanged" : undefined)].filter(Boolean).join(" "),
    ...{ "data-from": edge.from, "data-to": edge.to },
  });
  add(element, "title").txt(describeEdge(edge));
  return element;
}

/** For drawing: what changes lies on what does not. */
export const changedLast = <T extends { edge: Edge }>(edges: T[]): T[] =>
  edges.toSorted((a, b) => Number(a.edge.change !== undefined) - Number(b.edge.change !== undefined));

/** A glyph in a square. */
export function drawIcon(parent: Element, icon: Icon, { x, y }: Point, size: number): void {
  add(parent, "path", {
    ...{ class: "icon", d: icons[icon] },
    transform: `translate(${round(x)} ${round(y)}) scale(${round(size / 24, 3)})`,
  });
}

/** An arrow with rounded corners, with a second head where an answer comes back. */
export function drawLine(
  element: Element,
  points: Point[],
  { isAnswered = false, radius, head }: { isAnswered?: boolean; radius: number; head: number },
): void {
  add(element, "path", { class: "line", d: linePath(points, radius) });
  for (const way of isAnswered ? [points, points.toReversed()] : [points])
    add(element, "path", { class: "head", d: polygon(headOf(way, head)) });
}

function linePath(points: Point[], radius: number): string {
  const parts = points.map((point, index) => {
    const before = points[index - 1];
    const after = points[index + 1];
    if (!before) return `M${at(point)}`;
    if (!after) return `L${at(point)}`;
    const into = towards(point, before, Math.min(radius, distance(point, before) / 2));
    const outOf = towards(point, after, Math.min(radius, distance(point, after) / 2));
    return `L${at(into)}Q${at(point)} ${at(outOf)}`;
  });
  return parts.join("");
}

/** An arrowhead whose tip is the last of the points. */
function headOf(points: Point[], length: number): Point[] {
  const tip = points.at(-1)!;
  const foot = towards(tip, points.at(-2)!, length);
  const [x, y] = [(tip.x - foot.x) / 2, (tip.y - foot.y) / 2];
  return [tip, { x: foot.x - y, y: foot.y + x }, { x: foot.x + y, y: foot.y - x }];
}

export const polygon = (points: Point[]) => `M${points.map(at).join("L")}z`;

const distance = (a: Point, b: Point) => Math.hypot(b.x - a.x, b.y - a.y);

function towards(from: Point, to: Point, length: number): Point {
  const share = length / (distance(from, to) || 1);
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

const at = ({ x, y }: Point) => `${round(x)},${round(y)}`;

export const round = (number: number, digits = 1) => Number(number.toFixed(digits));
