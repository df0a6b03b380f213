import { readFileSync } from "node:fs";
import { UserError } from "../errors";
import { type Output } from "../output";
import { type Answer, isClass, predict as ask, type Prediction, Refused } from "../prediction";
import { exampleRecord, readSchema, target } from "../project";
import { requireOutputs } from "../outputs";
import { openTarget } from "../target";

/** `slipway predict` */
export async function predict(
  name: string,
  fields: string[],
  file: string | undefined,
  output: Output,
): Promise<void> {
  const given = file ? readRecords(file) : parseFields(fields);
  const outputs = await requireOutputs(name, await openTarget(name, output), output);
  const schema = readSchema(outputs.problem);
  const records = Array.isArray(given) ? given : [{ ...exampleRecord(schema), ...given }];
  try {
    const answer = await ask(outputs, records);
    output.answer(answer, describe(answer, target(schema)));
  } catch (error) {
    if (error instanceof Refused) {
      throw new UserError(`${outputs.predictionUrl} answered ${error.status}: ${error.message}`);
    }
    throw error;
  }
}

/** Predictions as lines: `fare 7.12 USD (most likely between ...)`, or `kind setosa (98.0 %, versicolor 2.0 %)`. */
export function describe({ predictions, release }: Answer, { name } = target()): string {
  const lines = predictions.map((prediction) => `${name} ${inWords(prediction)}`);
  return [...lines, `by release ${release}`].join("\n");
}

function inWords(prediction: Prediction): string {
  if (!isClass(prediction)) {
    const { value, lower, upper, unit } = prediction;
    return `${value.toFixed(2)} ${unit} (most likely between ${lower.toFixed(2)} and ${upper.toFixed(2)} ${unit})`;
  }
  const { value, probabilities } = prediction;
  const percent = (name: string) => `${(100 * (probabilities[name] ?? 0)).toFixed(1)} %`;
  const others = Object.keys(probabilities)
    .filter((name) => name !== value)
    .sort((one, other) => probabilities[other]! - probabilities[one]!);
  return `${value} (${[percent(value), ...others.map((name) => `${name} ${percent(name)}`)].join(", ")})`;
}

function readRecords(file: string): Record<string, unknown>[] {
  try {
    const parsed = JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8")) as Record<string, unknown>;
    return Array.isArray(parsed) ? (parsed as Record<string, unknown>[]) : [parsed];
  } catch (error) {
    throw new UserError(
      `${file} cannot be read as JSON: ${(error as Error).message}. Give one record {...} or a list [{...}, ...].`,
    );
  }
}

/** `distance=3.2` as a number, `color=green` as text, `pickup_zone=null` as null. */
function parseFields(fields: string[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => {
      const at = field.indexOf("=");
      if (at < 1)
        throw new UserError(
          `'${field}' is no field with a value. Write it as name=value, for example distance=3.2.`,
        );
      return [field.slice(0, at), parseValue(field.slice(at + 1))];
    }),
  );
}

function parseValue(text: string): unknown {
  return /^(null|true|false|-?\d+(\.\d+)?([eE][-+]?\d+)?)$/.test(text) ? JSON.parse(text) : text;
}
