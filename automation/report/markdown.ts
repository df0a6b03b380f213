import { counted, whole } from "../../handlers/publish/figures";
import { type Cost, dollars, signed } from "../cost/stack-cost";
import { code, plain, table } from "../markdown";
import { type Change } from "../release/changes";
import { type ReleaseDiff } from "../release/diff";
import { shiftWords } from "../release/gate/report/sections";
import { errorText } from "../release/metrics";
import { describeChanges } from "../stack";
import { type Evaluation, type Part, type Report } from "./gather";
import { resourceTable } from "./resources";

type Model = ReleaseDiff & { evaluation: Evaluation };

const shownChanges = 20;

/** The report as the comment on a pull request. */
export function reportMarkdown({ stack, infrastructure, cost, model }: Report): string {
  const parts = [
    `## What this would do to the stack ${code(stack)}`,
    table(
      ["", ""],
      [
        ["infrastructure", brief(infrastructure, ({ changes }) => describeChanges(changes))],
        ["monthly cost", brief(cost, costVerdict)],
        ["model", brief(model, verdict)],
        ["data", brief(model, dataVerdict)],
        ["error", brief(model, errorVerdict)],
      ],
    ),
    ...section("Infrastructure", infrastructure, ({ resources }) =>
      resources.length > 0 ? [resourceTable(resources)] : [],
    ),
    ...(sameFailure(infrastructure, cost) ? [] : section("Monthly cost", cost, costParts)),
    ...(sameFailure(infrastructure, model) ? [] : section("Model", model, modelParts)),
    `<sub>Made by ${code(`npx slipway report ${stack}`)}, which changes nothing.` +
      `${"found" in model && model.found.commit.now ? ` Commit ${code(model.found.commit.now.slice(0, 12))}.` : ""}</sub>`,
  ];
  return `${parts.join("\n\n")}\n`;
}

const brief = <T>(part: Part<T>, say: (found: T) => string) =>
  "found" in part ? say(part.found) : "**could not be found out**, see below";

function section<T>(title: string, part: Part<T>, say: (found: T) => string[]): string[] {
  const text = "found" in part ? say(part.found) : [`**It could not be found out.** ${plain(part.failure)}`];
  return text.length > 0 ? [`### ${title}`, ...text] : [];
}

const sameFailure = (one: Part<unknown>, other: Part<unknown>) =>
  "failure" in one && "failure" in other && one.failure === other.failure;

function costVerdict({ diff: { before, after, change, components }, unpriced }: Cost): string {
  const known =
    components.length === 0
      ? `the same ${dollars(after)}`
      : `**${signed(change)}**: ${dollars(before)} to ${dollars(after)}`;
  return `${known} while nobody uses it${unpriced.length > 0 ? ", and what has no price in the table" : ""}`;
}

/** Which components cost more or less, and what is not counted; nothing when there is neither. */
function costParts({ stack, diff: { components }, unpriced, prices: { region, asOf } }: Cost): string[] {
  if (components.length === 0 && unpriced.length === 0) return [];
  return [
    ...(components.length > 0
      ? [
          table(
            ["component", "change"],
            components.map(({ component, change }) => [code(component), signed(change)]),
          ),
        ]
      : []),
    ...(unpriced.length > 0
      ? [`Not in the price table, so not counted: ${unpriced.map(code).join(", ")}.`]
      : []),
    `An estimate with list prices of ${region} as of ${asOf}, not live. All of it, and what use costs: ${code(`npx slipway cost ${stack} --diff`)}.`,
  ];
}

function verdict({ release, served, trains, deploys, evaluation: { gate } }: Model): string {
  if (!deploys) return `nothing changes: ${code(release)} is served already`;
  const instead = served ? `, to take over from ${code(served)}` : "";
  if (trains) return `**trains** ${code(release)}${instead} if the gate accepts it`;
  if (gate?.decision === "rejected") return `trains nothing: the gate **rejected** ${code(release)} before`;
  return `trains nothing: ${code(release)} was trained before${instead}`;
}

function dataVerdict({ data, rows: { before, now }, shift: [worst] }: Model): string {
  if (data.length === 0) return `the same ${counted(now.kept, "row")}`;
  const count = `${before ? `${whole(before.kept)} to ` : ""}${counted(now.kept, "row")}`;
  return worst
    ? `${count}; most shifted: ${code(worst.column)}, ${shiftWords(worst.index)} (PSI ${worst.index.toFixed(2)})`
    : count;
}

function errorVerdict({ evaluation: { problem, served, release, gate } }: Model): string {
  const was = served ? `${errorText(served, problem)} served` : "none is served";
  if (!release) return `${was}; of the new one when it is trained`;
  return `${errorText(release, problem)}, ${was}${gate ? `; the gate: ${gate.decision}` : ""}`;
}

function modelParts(model: Model): string[] {
  const { code: files, imageSource, hyperparameters, schema, data, shift, evaluation } = model;
  const { gate } = evaluation;
  const changed = [
    ...data.map(changeRow("data")),
    ...hyperparameters.map(changeRow("hyperparameter")),
    ...imageSource.map(({ what }) => ["code", plain(what), "", "another one"]),
    ...(schema ? [["schema", code("schema.json"), "", "another one"]] : []),
  ];
  return [
    ...(changed.length > 0
      ? [
          "What the release would be made of, beside the one that is served:",
          cut(["", "", "before", "now"], changed),
        ]
      : []),
    ...(files.length > 0 ? [fold(`${counted(files.length, "file")} of the repository`, files)] : []),
    ...(shift.length > 0
      ? [
          cut(
            ["column", "population stability index", ""],
            shift.map(({ column, index }) => [code(column), index.toFixed(3), shiftWords(index)]),
          ),
        ]
      : []),
    ...metrics(evaluation),
    ...(gate
      ? [
          `The gate ${gate.decision} it on ${gate.at.slice(0, 10)}: ${plain(gate.reason)}`,
          table(
            ["", "check", "what was found"],
            gate.checks.map(({ name, passed, explanation }) => [
              passed ? "passed" : "**FAILED**",
              plain(name),
              plain(explanation),
            ]),
          ),
        ]
      : []),
  ];
}

const changeRow =
  (area: string) =>
  ({ what, before, after }: Change) => [area, code(what), cell(before), cell(after)];

const cell = (value: string | undefined) => (value === undefined ? "(none)" : plain(value));

function cut(head: string[], rows: string[][]): string {
  const left = rows.length - shownChanges;
  const note = left > 0 ? `\n\n... and ${left} more` : "";
  return `${table(head, rows.slice(0, shownChanges))}${note}`;
}

const fold = (title: string, lines: string[]) =>
  `<details><summary>${title}</summary>\n\n${lines.map((line) => `- ${code(line)}`).join("\n")}\n\n</details>`;

function metrics({ served = {}, release = {} }: Evaluation): string[] {
  const names = [...new Set([...Object.keys(release), ...Object.keys(served)])].sort();
  if (names.length === 0) return [];
  const value = (of: Record<string, number>, name: string) =>
    of[name] === undefined ? "" : String(Number(of[name].toPrecision(5)));
  const isNew = Object.keys(release).length > 0;
  return [
    cut(
      ["metric of the training job", ...(isNew ? ["this release"] : []), "served"],
      names.map((name) => [code(name), ...(isNew ? [value(release, name)] : []), value(served, name)]),
    ),
  ];
}
