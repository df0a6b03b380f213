import { max, nice, pairs } from "d3-array";
import { counted } from "../../../../handlers/publish/figures";
import { type Bar, columnChart, roomFor, swatch, type Tone } from "../../../charts";
import { type ClassErrors, type ErrorBin } from "../distribution";
import { type Report } from "./report";
import { circumstances, figures, percent } from "./sections";

/**
 * The report for a terminal: the decision, what fails, the figures of both models and how their errors are distributed.
 * @param columns of the terminal; undefined where nothing is to be drawn.
 */
export function terminalText(report: Report, columns: number | undefined): string {
  const failed = report.checks.filter(({ passed }) => !passed);
  const lines = failed.map(({ name, explanation }) => `  ${name}: ${explanation}`);
  const drawn = columns === undefined ? undefined : distribution(report, columns);
  return [
    [report.headline, circumstances(report), ...lines].join("\n"),
    ...figures(report).map(({ tables }) => aligned([tables[0]!.head, ...tables[0]!.rows])),
    ...(drawn ? [drawn] : []),
  ].join("\n\n");
}

/** A table whose columns stand below each other. */
function aligned(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]! + 2))
        .join("")
        .trimEnd(),
    )
    .join("\n");
}

function distribution(report: Report, columns: number): string | undefined {
  if (report.errorBins) return histogram(report, report.errorBins, columns);
  return report.classErrors && byClass(report, report.classErrors, columns);
}

const tones: ["challenger" | "champion", Tone][] = [
  ["challenger", 0],
  ["champion", 1],
];

const legend = ({ figures: found }: Report) =>
  `  ${swatch(0)} this release${found?.champion ? `  ${swatch(1)} served` : ""}`;

const shareText = (share: number) => `${Math.round(100 * share)} %`;

function histogram(report: Report, bins: ErrorBin[], columns: number): string {
  const series = report.figures?.champion ? 2 : 1;
  const room = roomFor(columns, { top: 1, yText: shareText });
  if (room < (series + 1) * 4) return "The terminal is too narrow for a picture of the errors.";
  if (bins.length * (series + 1) > room) return histogram(report, halved(bins), columns);
  const each = Math.min(6, Math.floor(room / bins.length));
  const width = Math.floor((each - 1) / series);
  const chart = bins.flatMap((bin) => {
    const bars = tones
      .slice(0, series)
      .flatMap(([model, tone]): Bar[][] => Array<Bar[]>(width).fill([{ value: bin[model] ?? 0, tone }]));
    return [...bars, ...Array<Bar[]>(each - bars.length).fill([])];
  });
  const words = bins.map(({ from }) => String(from));
  const every = Math.ceil((Math.max(...words.map(({ length }) => length)) + 2) / each);
  const shares = bins.flatMap(({ challenger, champion = 0 }) => [challenger, champion]);
  const unit = report.problem.unit ? ` (${report.problem.unit})` : "";
  return [
    `Held-out rows by absolute error${unit}`,
    legend(report),
    columnChart({
      columns: chart,
      top: nice(0, max(shares) || 1, 4)[1],
      yText: shareText,
      xText: new Map(words.flatMap((word, i) => (i % every ? [] : [[i * each, word] as const]))),
    }),
    "The largest 2 % are not shown.",
  ].join("\n");
}

/** Bins of twice the width. */
const halved = (bins: ErrorBin[]): ErrorBin[] =>
  pairs([...bins, ...(bins.length % 2 ? [{ ...bins.at(-1)!, challenger: 0, champion: 0 }] : [])])
    .filter((_, index) => index % 2 === 0)
    .map(([a, b]) => ({
      ...{ from: a.from, to: b.to, challenger: a.challenger + b.challenger },
      ...(a.champion === undefined ? {} : { champion: a.champion + (b.champion ?? 0) }),
    }));

const mostClasses = 10;

function byClass(report: Report, classes: ClassErrors[], columns: number): string {
  const worst = [...classes].sort((a, b) => b.challenger - a.challenger);
  const shown = worst.slice(0, mostClasses).map((found) => ({
    ...{ found, name: `${found.actual} (${counted(found.rows, "row")})` },
  }));
  const left = Math.max(...shown.map(({ name }) => name.length)) + 2;
  const room = Math.max(1, Math.min(40, columns - left - 10));
  const top = max(worst, ({ challenger, champion = 0 }) => Math.max(challenger, champion)) || 1;
  const lines = shown.flatMap(({ found, name }) =>
    tones.flatMap(([model, tone]) => {
      const share = found[model];
      if (share === undefined) return [];
      const drawn = swatch(tone).repeat(Math.max(Math.sign(share), Math.round((room * share) / top)));
      return [`${(tone === 0 ? name : "").padEnd(left)}${drawn}${drawn ? " " : ""}${percent(share)}`];
    }),
  );
  const more = worst.length > mostClasses ? [`... and ${worst.length - mostClasses} more (see --json)`] : [];
  return ["Wrong answers by class", legend(report), ...lines, ...more].join("\n");
}
