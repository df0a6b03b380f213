import { figure } from "../../../handlers/publish/figures";
import { type Schema, target } from "../../project";

/** What is predicted, as far as the gate needs to know it. */
export interface Problem {
  /** Classification: the target is one of a few values (`enum`). */
  kind: "regression" | "classification";
  target: string;
  /** Of the target and of its error; empty for classification, whose error is a share. */
  unit: string;
  /** Features of a few known values: what the error is broken down by, as the container's model card does. */
  slices: string[];
}

export function problemOf(schema: Schema): Problem {
  const { name, unit, classes } = target(schema);
  const slices = Object.entries(schema.properties)
    .filter(([, field]) => field["x-role"] === "feature" && field.enum)
    .map(([feature]) => feature);
  return classes
    ? { kind: "classification", target: name, unit: "", slices }
    : { kind: "regression", target: name, unit, slices };
}

/** An error, or a difference of errors, for people: `1.39 USD`, or `4.2 %` of wrong answers. */
export const errorText = ({ kind, unit }: Problem, error: number): string =>
  kind === "regression" ? `${figure(error)} ${unit}`.trim() : `${(100 * error).toFixed(1)} %`;

/** What the error is called. */
export const errorName = ({ kind }: Problem): string =>
  kind === "regression" ? "mean absolute error" : "share of wrong answers";
