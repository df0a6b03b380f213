import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";

const [width, height, room] = [160, 28, 3];
const dayMs = 24 * 3_600_000;

/** A figure over the last day, as small as a word. @param summary the same in words, for those who cannot see it. */
export function Spark({
  points,
  limit,
  now,
  summary,
}: {
  /** `at` in milliseconds since 1970, oldest first. */
  points: { at: number; value: number }[];
  /** Drawn as a line across, if there is one. */
  limit: number | null;
  now: number;
  summary: string;
}) {
  const x = scaleLinear([now - dayMs, now], [room, width - room]).clamp(true);
  const highest = Math.max(limit ?? 0, ...points.map(({ value }) => value));
  const y = scaleLinear([0, highest || 1], [height - room, room]);
  const path = line<(typeof points)[number]>()
    .x(({ at }) => x(at))
    .y(({ value }) => y(value));
  const last = points.at(-1);
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={summary}>
      <line class="floor" x1={0} x2={width} y1={y(0)} y2={y(0)} />
      {limit !== null && <line class="limit" x1={0} x2={width} y1={y(limit)} y2={y(limit)} />}
      <path d={path(points) ?? ""} />
      {last && <circle cx={x(last.at)} cy={y(last.value)} r={2.5} />}
    </svg>
  );
}
