import { ticks } from "d3-array";
import { html } from "hono/html";

type Html = ReturnType<typeof html>;

export interface Interval {
  value: number;
  lower: number;
  upper: number;
}

const margin = 16;

/**
 * A predicted value in its interval, on an axis around both.
 * @param width pixels that it is shown at, so that texts keep their size.
 */
export function intervalDrawing(interval: Interval, width: number, shown: (value: number) => string): Html {
  const { value } = interval;
  const [lower, upper] = [Math.min(interval.lower, value), Math.max(interval.upper, value)];
  const [from, to] = axisOf(lower, upper);
  const x = (at: number) => margin + ((at - from) / (to - from)) * (width - 2 * margin);
  const [x0, x1] = [x(lower), x(upper)];
  return html`<svg
    class="interval"
    viewBox="0 0 ${width} 76"
    width="${width}"
    height="76"
    role="img"
    aria-label="${shown(value)}, between ${shown(interval.lower)} and ${shown(interval.upper)}"
  >
    <line class="axis" x1="${margin}" x2="${width - margin}" y1="46" y2="46" />
    ${ticks(from, to, width < 380 ? 3 : 5).map(
      (at) =>
        html`<g transform="translate(${x(at)} 46)">
          <line class="axis" y2="6" />
          <text class="tick" y="22">${shown(at)}</text>
        </g>`,
    )}
    <rect class="band" x="${x0}" y="14" width="${Math.max(x1 - x0, 2)}" height="20" rx="4" />
    <line class="edge" x1="${x0}" x2="${x0}" y1="10" y2="38" />
    <line class="edge" x1="${x1}" x2="${x1}" y1="10" y2="38" />
    <line class="stem" x1="${x(value)}" x2="${x(value)}" y1="24" y2="46" />
    <circle class="dot" cx="${x(value)}" cy="24" r="7" />
  </svg>`;
}

/** Half as wide again as the interval on each side; not below zero when the interval is not. */
function axisOf(lower: number, upper: number): [number, number] {
  const span = upper - lower || Math.abs(upper) * 0.2 || 1;
  const from = lower - span / 2;
  return [lower >= 0 ? Math.max(0, from) : from, upper + span / 2];
}

/** Probabilities as bars, the largest first. */
export function probabilityBars(probabilities: Record<string, number>): Html {
  const sorted = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
  return html`<ol class="bars">
    ${sorted.map(
      ([name, probability], index) =>
        html`<li class="${index === 0 ? "first" : ""}">
          <span class="name">${name}</span>
          <span class="share">${percent.format(probability)}</span>
          <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
            <rect class="track" width="100" height="1" />
            <rect class="bar" width="${(100 * probability).toFixed(2)}" height="1" />
          </svg>
        </li>`,
    )}
  </ol>`;
}

const percent = new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 });
