import { worthALook } from "../../handlers/shared/shift";
import { type Output } from "../output";
import { createContext } from "../release/context";
import { diffRelease, type ReleaseDiff } from "../release/diff";
import { type Change } from "../release/changes";
import { preview, requireStack } from "../stack";
import { openTarget } from "../target";

/** `slipway diff` */
export async function diff(name: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const { stack, outputs } = await requireStack(name, target, output);
  const infrastructure = await preview(stack, output);
  const found = await output.step("Comparing data, code and hyperparameters", () =>
    diffRelease(createContext(stack, outputs, target, output)),
  );
  output.answer({ infrastructure, ...found }, describe(name, infrastructure.resources, found));
}

const shown = 12;

function describe(stack: string, resources: string[], found: ReleaseDiff): string {
  const sections: [string, string[]][] = [
    ["Infrastructure", resources],
    ["Data", [...rowLines(found), ...shiftLines(found), ...found.data.map(changeText)]],
    ["Code", [...found.code, ...found.imageSource.map(({ what }) => `the ${what} is another one`)]],
    ["Hyperparameters", found.hyperparameters.map(changeText)],
    ["Schema", found.schema ? ["schema.json is another one"] : []],
  ];
  return [
    verdict(stack, found),
    ...sections.map(([title, lines]) =>
      lines.length ? `\n${title}:\n${clip(lines)}` : `\n${title}: no change`,
    ),
  ].join("\n");
}

function verdict(stack: string, { release, served, trains, deploys }: ReleaseDiff): string {
  if (!deploys) return `A release of ${stack} would change nothing: ${release} is served already.`;
  const instead = served ? `, which would take over from ${served}` : "";
  return trains
    ? `A release of ${stack} would train release ${release}${instead} if the gate accepts it.`
    : `A release of ${stack} would train nothing: ${release} was trained before${instead}.`;
}

const clip = (lines: string[]) =>
  [
    ...lines.slice(0, shown),
    ...(lines.length > shown ? [`... and ${lines.length - shown} more (see --json)`] : []),
  ]
    .map((line) => `  ${line}`)
    .join("\n");

const changeText = ({ what, before, after }: Change) =>
  `${what}: ${before ?? "(none)"} -> ${after ?? "(none)"}`;

function rowLines({ rows: { before, now } }: ReleaseDiff): string[] {
  const lines = (["kept", "rejected", "duplicates"] as const).map((name) => ({
    what: `rows ${name}`,
    before: before?.[name]?.toString(),
    after: now[name].toString(),
  }));
  return before ? lines.filter((line) => line.before !== line.after).map(changeText) : [];
}

function shiftLines({ shift }: ReleaseDiff): string[] {
  if (shift.length === 0) return [];
  const shifted = shift.filter(({ index }) => index >= worthALook);
  if (shifted.length === 0)
    return [`the distribution of all ${shift.length} columns is about the same (PSI below ${worthALook})`];
  return shifted.map(({ column, index }) => `${column} is distributed differently: PSI ${index.toFixed(2)}`);
}
