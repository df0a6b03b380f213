import { scaleLinear, scaleTime } from "d3-scale";
import { line } from "d3-shape";

export interface Line {
  label: string;
  /** Class of the line, which has its colour. */
  tone: "main" | "second" | "warn" | "bad";
  /** One for each time; null where there is none. */
  values: (number | null)[];
}

const [width, height] = [480, 150];
const margin = { top: 8, right: 8, bottom: 22, left: 52 };

/** Lines over time. @param summary the same in words, for those who cannot see it. */
export function Chart({
  times,
  lines,
  unit,
  summary,
}: {
  /** Milliseconds since 1970. */
  times: number[];
  lines: Line[];
  unit: string;
  summary: string;
}) {
  const highest = Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const x = scaleTime([times[0]!, times.at(-1)!], [margin.left, width - margin.right]);
  const y = scaleLinear([0, highest], [height - margin.bottom, margin.top]).nice(3);
  const path = line<number | null>()
    .defined((value) => value !== null)
    .x((_, index) => x(times[index]!))
    .y((value) => y(value ?? 0));
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={summary}>
        {y.ticks(3).map((tick) => (
          <g key={tick} transform={`translate(0 ${y(tick)})`}>
            <line class="grid" x1={margin.left} x2={width - margin.right} />
            <text x={margin.left - 6} dy="0.35em" text-anchor="end">
              {tick} {unit}
            </text>
          </g>
        ))}
        {x.ticks(5).map((tick) => (
          <text key={+tick} x={x(tick)} y={height - 4} text-anchor="middle">
            {clock.format(tick)}
          </text>
        ))}
        {lines.map(({ label, tone, values }) => (
          <path key={label} class={`line ${tone}`} d={path(values) ?? ""} />
        ))}
      </svg>
      <figcaption>
        {lines.map(({ label, tone }) => (
          <span key={label}>
            <i class={tone} /> {label}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
