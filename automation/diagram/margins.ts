import { type Architecture, type Change, type Node } from "./graph";
import { textWidth } from "./layout";
import { add, drawLine, type Element, round, write } from "./svg";
import { describeChanges, signs, summary } from "./text";

/** Where something of the margins is, and how many times as large as in a picture from above. */
interface Place {
  x: number;
  y: number;
  scale: number;
}

const placed = ({ x, y, scale }: Place) => ({
  transform: `translate(${round(x)} ${round(y)}) scale(${round(scale, 3)})`,
});

/** What the picture is of, how much there is of it, and what it costs. */
export function drawHeader(svg: Element, architecture: Architecture, place: Place): void {
  const header = add(svg, "g", placed(place));
  const { stack, changes } = architecture;
  const title = changes
    ? `Slipway: what 'up' would change in the stack ${stack}`
    : `Slipway: the stack ${stack}`;
  write(header, title, { size: 18, class: "title", y: 12 });
  write(header, summary(architecture), { size: 12.5, class: "muted", y: 32 });
}

/** What the lines and marks mean; what is not in the picture is left out. @param place of its last line. */
export function drawLegend(
  svg: Element,
  { edges, changes }: Architecture,
  place: Place,
  form: "in a row" | "stacked",
): void {
  const lines: [kind: string, text: string, isAnswered: boolean][] = [["", "flows by itself", false]];
  if (edges.some(({ answered }) => answered)) lines.push(["", "goes there, and an answer comes back", true]);
  if (edges.some(({ by }) => by)) lines.push(["release", "moved by 'slipway release'", false]);
  if (edges.some(({ unknown }) => unknown)) lines.push(["unknown", "is used by", false]);
  const marks = changes ? (Object.keys(signs) as Change[]) : [];
  const notes = form === "stacked" ? ["number and height: resources · $: a month"] : [];
  const legend = add(svg, "g", placed(place));
  let x = 0;
  let y = form === "stacked" ? -18 * (lines.length + marks.length + notes.length - 1) : 0;
  const entry = (text: string, keyWidth: number): Element => {
    const element = add(legend, "g", { transform: `translate(${round(x)} ${y})` });
    write(element, text, { size: 11, class: "muted", x: keyWidth, y: 4 });
    if (form === "stacked") y += 18;
    else x += keyWidth + textWidth(text, 11) + 26;
    return element;
  };
  for (const text of notes) entry(text, 0);
  for (const [kind, text, isAnswered] of lines) {
    const key = add(entry(text, 42), "g", { class: `edge ${kind}`.trim() });
    const points = [
      { x: 0, y: 0 },
      { x: 34, y: 0 },
    ];
    drawLine(key, points, { isAnswered, radius: 0, head: 8 });
  }
  for (const change of marks) {
    const key = add(entry(change, 22), "g", { class: `key badge ${change}` });
    add(key, "rect", { y: -8, width: 16, height: 16, rx: 4 });
    write(key, signs[change], { size: 12, "text-anchor": "middle", x: 8, y: 4.5 });
  }
}

/** How many resources of a node would change: a badge that ends above this place, or begins there. */
export function drawBadge(element: Element, { changes }: Node, place: Place, side: "ends" | "begins"): void {
  const text = describeChanges(changes);
  const width = textWidth(text, 12, true) + 12;
  const badge = add(element, "g", { class: "badge", ...placed(place) });
  const x = side === "ends" ? 6 - width : -6;
  add(badge, "rect", { x, y: -9, width, height: 20, rx: 10 });
  write(badge, text, { size: 12, "text-anchor": "middle", x: x + width / 2, y: 5.5 });
}
