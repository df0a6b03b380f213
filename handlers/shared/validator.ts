import { Ajv2020, type ValidateFunction } from "ajv/dist/2020";
import { type RecordSchema } from "./schema";
import { isOnCalendar } from "./rules";

/** A check of one record against `schema`, which collects every error. */
export function compileValidator(schema: RecordSchema): ValidateFunction {
  // The schema's own validity is a matter for the tests; checking it here would slow every cold start.
  const ajv = new Ajv2020({ allErrors: true, verbose: true, meta: false, validateSchema: false });
  ajv.addVocabulary(["x-unit"]);
  ajv.addKeyword({
    keyword: "x-role",
    validate: (role: string, value: unknown) =>
      role !== "time" || typeof value !== "string" || isOnCalendar(value),
  });
  return ajv.compile(schema);
}
