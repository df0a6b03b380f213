import { type Architecture, changeOf, type Node } from "./graph";
import { type Box, type Layout, type Point } from "./layout";
import { drawBadge, drawHeader, drawLegend } from "./margins";
import {
  add,
  changedLast,
  drawIcon,
  drawLine,
  edgeElement,
  type Element,
  nodeElement,
  picture,
  polygon,
  round,
  write,
  written,
} from "./svg";
import { priceTag } from "./text";

const margin = 30;
/** Of the floor around the outermost boxes. */
const around = 44;
const floorThickness = 14;
const tileThickness = 5;
const gridWidth = 64;

const cos = Math.cos(Math.PI / 6);
const sin = Math.sin(Math.PI / 6);

/** A point of the layout, `z` above the floor, as it is seen from the south-east. */
const seen = ({ x, y }: Point, z = 0): Point => ({ x: (x - y) * cos, y: (x + y) * sin - z });

/** What is drawn flat in this comes to lie on the floor, or `z` above it. */
function lying(z: number): { transform: string } {
  const numbers = [cos, sin, -cos, sin, 0, -z].map((each) => round(each, 3));
  return { transform: `matrix(${numbers.join(" ")})` };
}

/** The height of a node's prism grows with its resources, more slowly than they do. */
const heightOf = ({ resources }: Node) => (resources === 0 ? 4 : 12 + 6 * Math.sqrt(resources));

/** The same layout in three dimensions: prisms on tiles, as high as there are resources in them. */
export function drawIsometric(architecture: Architecture, layout: Layout): string {
  const floor: Box = {
    ...{ x: -around, y: -around },
    ...{ width: layout.width + 2 * around, height: layout.height + 2 * around },
  };
  const west = seen({ x: floor.x, y: floor.y + floor.height }).x;
  const east = seen({ x: floor.x + floor.width, y: floor.y }).x;
  const north = seen(floor).y - 40;
  const south = seen({ x: floor.x + floor.width, y: floor.y + floor.height }).y + floorThickness;
  const [width, height] = [east - west + 2 * margin, south - north + 2 * margin];
  const scale = width / 1150;
  const isDifference = architecture.changes !== undefined;
  const svg = picture(architecture, "isometric", width, height);
  const body = add(svg, "g", { transform: `translate(${round(margin - west)} ${round(margin - north)})` });
  drawFloor(body, floor);
  const ground = add(body, "g", { class: "ground", ...lying(0) });
  for (const placed of changedLast(layout.edges)) drawEdge(ground, placed, isDifference);
  // from the back to the front
  const nodes = layout.nodes.toSorted((a, b) => a.y - b.y || a.x - b.x);
  for (const { node, ...box } of nodes) drawPrism(nodeElement(body, node, isDifference), node, box);
  drawHeader(svg, architecture, { x: margin, y: margin + 8 * scale, scale });
  drawLegend(svg, architecture, { x: margin, y: height - margin, scale }, "stacked");
  return written(svg);
}

function drawFloor(body: Element, floor: Box): void {
  const floorElement = add(body, "g");
  drawBlock(floorElement, floor, -floorThickness, 0, "floor");
  const lines: string[] = [];
  const [right, bottom] = [floor.x + floor.width, floor.y + floor.height];
  for (let x = floor.x + gridWidth; x < right; x += gridWidth)
    lines.push(`M${round(x)},${round(floor.y)}V${round(bottom)}`);
  for (let y = floor.y + gridWidth; y < bottom; y += gridWidth)
    lines.push(`M${round(floor.x)},${round(y)}H${round(right)}`);
  add(add(floorElement, "g", lying(0)), "path", { class: "grid", d: lines.join("") });
}

function drawEdge(ground: Element, { edge, points }: Layout["edges"][number], isDifference: boolean): void {
  const element = edgeElement(ground, edge, isDifference);
  drawLine(element, points, { isAnswered: edge.answered, radius: 10, head: 17 });
}

/** The three sides of a block that are seen: front, right, top. */
function drawBlock(
  parent: Element,
  { x, y, width, height }: Box,
  from: number,
  to: number,
  kind: string,
): void {
  const [a, b, c, d] = [
    { x, y },
    { x: x + width, y },
    { x: x + width, y: y + height },
    { x, y: y + height },
  ] as const;
  const sides: [Point[], number][] = [
    [[seen(d, from), seen(c, from), seen(c, to), seen(d, to)], 0.14],
    [[seen(c, from), seen(b, from), seen(b, to), seen(c, to)], 0.28],
  ];
  for (const [points, shade] of sides) {
    add(parent, "path", { class: kind, d: polygon(points) });
    add(parent, "path", { class: "shade", d: polygon(points), "fill-opacity": `${shade}` });
  }
  add(parent, "path", { class: kind, d: polygon([seen(a, to), seen(b, to), seen(c, to), seen(d, to)]) });
}

function drawPrism(element: Element, node: Node, box: Box): void {
  const { title, services, icon, resources, monthly } = node;
  const z = tileThickness + heightOf(node);
  const tile = { x: box.x - 7, y: box.y - 7, width: box.width + 14, height: box.height + 14 };
  drawBlock(element, tile, 0, tileThickness, "face");
  if (node.component) drawBlock(element, box, tileThickness, z, "face");
  const top = add(element, "g", lying(node.component ? z : tileThickness));
  const { x, y, width } = box;
  write(top, title, { class: "title", size: 20, width: width - 16, x: x + 10, y: y + 33 });
  if (!node.component) {
    if (icon) drawIcon(top, icon, { x: x + 10, y: y + 44 }, 30);
    return;
  }
  const figures = write(top, `${resources}`, { class: "muted", size: 19, x: x + 10, y: y + 68 });
  const cost = priceTag(monthly);
  if (cost) add(figures, "tspan", { class: "strong" }).txt(` · ${cost}`);
  services
    .slice(0, cost ? 1 : 4)
    .forEach((service, index) => drawIcon(top, service, { x: x + width - 36 - index * 31, y: y + 48 }, 25));
  const corner = seen({ x: x + width, y }, z);
  if (changeOf(node)) drawBadge(element, node, { ...corner, scale: 1.6 }, "begins");
}
