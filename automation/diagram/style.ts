import { type Area } from "./components";

type Theme = Record<string, string>;

/** Of each part of the program: what is written and drawn in its colour, and what that stands on. */
const areas: Record<
  Area | "unchanged",
  [light: [ink: string, soft: string], dark: [ink: string, soft: string]]
> = {
  data: [
    ["#0f766e", "#dff3ef"],
    ["#5eead4", "#12332f"],
  ],
  model: [
    ["#6d28d9", "#ede6fd"],
    ["#c4b5fd", "#2b2348"],
  ],
  serving: [
    ["#1d4ed8", "#e1eafd"],
    ["#93c5fd", "#182c4e"],
  ],
  telling: [
    ["#a8480b", "#fdeedb"],
    ["#fbbf6b", "#3b2910"],
  ],
  upkeep: [
    ["#475569", "#e9edf3"],
    ["#cbd5e1", "#262f3d"],
  ],
  own: [
    ["#be185d", "#fce7f1"],
    ["#f9a8d4", "#3d1930"],
  ],
  outside: [
    ["#57606a", "#f3f5f8"],
    ["#a7b1be", "#1b222c"],
  ],
  unchanged: [
    ["#98a3b3", "#f3f5f8"],
    ["#5d6978", "#19202a"],
  ],
};

const ofArea = (theme: 0 | 1): Theme =>
  Object.fromEntries(
    Object.entries(areas).flatMap(([area, themes]) => [
      [area, themes[theme][0]],
      [`${area}-soft`, themes[theme][1]],
      [`${area}-shade`, theme === 0 ? themes[theme][0] : "#000000"],
    ]),
  );

const light: Theme = {
  ...{ paper: "#ffffff", floor: "#f7f9fc", grid: "#e4e9f0", card: "#ffffff" },
  ...{ ink: "#1f2937", muted: "#57606a", line: "#7b8797", release: "#6d28d9" },
  ...{ added: "#1a7f37", changed: "#9a6700", removed: "#cf222e", "on-mark": "#ffffff" },
  ...ofArea(0),
};

const dark: Theme = {
  ...{ paper: "#0d1117", floor: "#131a23", grid: "#222c38", card: "#161d27" },
  ...{ ink: "#e6edf3", muted: "#a7b1be", line: "#8491a3", release: "#c4b5fd" },
  ...{ added: "#4ac26b", changed: "#e0b341", removed: "#ff7b72", "on-mark": "#0d1117" },
  ...ofArea(1),
};

/** A property in a colour of the theme; where variables are not known, in that of the light one. */
const paint = (property: string, name: string) => `${property}:${light[name]};${property}:var(--${name})`;

const variables = (theme: Theme) =>
  Object.entries(theme)
    .map(([name, color]) => `--${name}:${color}`)
    .join(";");

const ofAreas = () =>
  Object.fromEntries(
    Object.keys(areas).flatMap((area) => [
      [`.${area} .icon,.${area} .card,.${area} .face`, paint("stroke", area)],
      [`.${area} .soft,.${area} .face`, paint("fill", `${area}-soft`)],
      [`.${area} .shade`, paint("fill", `${area}-shade`)],
    ]),
  );

const rules: Record<string, string> = {
  text: `${paint("fill", "ink")}`,
  ".paper": paint("fill", "paper"),
  ".floor": `${paint("fill", "floor")};${paint("stroke", "grid")}`,
  ".grid": `fill:none;${paint("stroke", "grid")}`,
  ".card": `${paint("fill", "card")};stroke-width:1.2`,
  ".icon": "fill:none;stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round",
  ".face": "stroke-width:1.2;stroke-linejoin:round",
  ".shade": "fill:#000;stroke:none",
  ".title": `font-weight:600;${paint("fill", "ink")}`,
  ".muted": paint("fill", "muted"),
  ".strong": "font-weight:600",
  ".line": `fill:none;${paint("stroke", "line")};stroke-width:1.5;stroke-linejoin:round`,
  ".ground .line": "stroke-width:3.2",
  ".head": `${paint("fill", "line")};stroke:none`,
  ".edge.release .line": `${paint("stroke", "release")};stroke-dasharray:6 4`,
  ".edge.release .head": paint("fill", "release"),
  ".edge.unknown .line": "stroke-dasharray:1.5 4;stroke-linecap:round",
  ".behind": paint("fill", "paper"),
  ...ofAreas(),
  ".outside .card,.outside .face": `${paint("fill", "paper")};stroke-dasharray:4 3`,
  ".badge text": `${paint("fill", "on-mark")};font-weight:700`,
};

/** What a node or an edge of a difference looks like. */
const ofChange = (change: string): Record<string, string> => ({
  [`.node.${change} .card,.node.${change} .face`]: `${paint("stroke", change)};stroke-width:2.4${change === "removed" ? ";stroke-dasharray:5 3" : ""}`,
  [`.edge.${change} .line`]: `${paint("stroke", change)};stroke-width:2.4`,
  [`.ground .edge.${change} .line`]: "stroke-width:4.5",
  [`.edge.${change} .head,.${change} .badge rect,.key.${change} rect`]: paint("fill", change),
  [`.edge.${change} text`]: paint("fill", change),
});

const differences: Record<string, string> = {
  ".edge.unchanged": "opacity:.5",
  ".node.unchanged text": paint("fill", "muted"),
  ...ofChange("added"),
  ...ofChange("changed"),
  ...ofChange("removed"),
  ".removed .title": "text-decoration:line-through",
};

/**
 * The style sheet of a picture: light, and dark where the reader's system is.
 * @param root selector of the picture.
 */
export function styleSheet(root: string, isDifference: boolean): string {
  const lines = Object.entries({ ...rules, ...(isDifference ? differences : {}) }).map(
    ([selectors, body]) => {
      const within = selectors.split(",").map((selector) => `${root} ${selector}`);
      return `${within.join(",")}{${body}}`;
    },
  );
  return [
    `${root}{${variables(light)}}`,
    `@media (prefers-color-scheme:dark){${root}{${variables(dark)}}}`,
    ...lines,
  ].join("\n");
}
