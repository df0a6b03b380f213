import { type Architecture, changeOf, type Node } from "./graph";
import { type Box, labelSize, type Layout, textWidth } from "./layout";
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
  write,
  written,
} from "./svg";
import { counted, priceTag } from "./text";

const margin = 24;
const headerHeight = 66;
const legendHeight = 44;

/** Seen from above: a card for each node. */
export function drawFlat(architecture: Architecture, layout: Layout): string {
  const width = layout.width + 2 * margin;
  const height = headerHeight + layout.height + legendHeight + margin;
  const isDifference = architecture.changes !== undefined;
  const svg = picture(architecture, "2d", width, height);
  drawHeader(svg, architecture, { x: margin + 8, y: margin, scale: 1 });
  const body = add(svg, "g", { transform: `translate(${margin} ${headerHeight})` });
  for (const placed of changedLast(layout.edges)) drawEdge(body, placed, isDifference);
  for (const { node, ...box } of layout.nodes) drawCard(nodeElement(body, node, isDifference), node, box);
  drawLegend(svg, architecture, { x: margin + 8, y: height - margin - 8, scale: 1 }, "in a row");
  return written(svg);
}

function drawEdge(
  parent: Element,
  { edge, points, label }: Layout["edges"][number],
  isDifference: boolean,
): void {
  const element = edgeElement(parent, edge, isDifference);
  drawLine(element, points, { isAnswered: edge.answered, radius: 8, head: 8 });
  if (!label) return;
  add(element, "rect", { class: "behind", ...label, rx: 3 });
  const middle = { x: label.x + label.width / 2, y: label.y + 11.5 };
  write(element, edge.what, { size: labelSize, class: "muted", "text-anchor": "middle", ...middle });
}

function drawCard(element: Element, node: Node, { x, y, width, height }: Box): void {
  const { title, what, services, icon = services[0] ?? "other", resources, monthly } = node;
  add(element, "rect", { class: "card", x, y, width, height, rx: 9 });
  add(element, "rect", { class: "soft", x: x + 9, y: y + 9, width: 30, height: 30, rx: 7 });
  drawIcon(element, icon, { x: x + 14, y: y + 14 }, 20);
  write(element, title, { class: "title", size: 14, width: width - 54, x: x + 47, y: y + 29 });
  write(element, what, { class: "muted", size: 11, width: width - 20, x: x + 10, y: y + 55 });
  if (!node.component) return;
  const cost = priceTag(monthly);
  const figures = write(element, counted(resources), { size: 11, x: x + 10, y: y + 75 });
  if (cost) add(figures, "tspan", { class: "strong" }).txt(` · ${cost}`);
  const free = width - 26 - textWidth(`${counted(resources)}${cost && ` · ${cost}`}`, 11);
  services
    .slice(1, 1 + Math.min(3, Math.floor(free / 18)))
    .forEach((service, index) =>
      drawIcon(element, service, { x: x + width - 24 - index * 18, y: y + 63 }, 15),
    );
  if (changeOf(node)) drawBadge(element, node, { x: x + width, y, scale: 1 }, "ends");
}
