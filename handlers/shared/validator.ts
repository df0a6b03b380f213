import { _, Ajv2020, type ValidateFunction } from "ajv/dist/2020";
import { type RecordSchema } from "./schema";
import { isOnCalendar } from "./rules";

/** Ajv as Slipway uses it: it collects every error, and knows the keywords of schema.json. */
export function createAjv(): Ajv2020 {
  // The schema's own validity is a matter for the tests; checking it here would slow every cold start.
  const ajv = new Ajv2020({
    ...{ allErrors: true, verbose: true, meta: false, validateSchema: false },
    code: { source: true }, // so that its code can be written into a bundle (components/lambda/bundle.ts)
  });
  ajv.addVocabulary(["x-unit"]);
  ajv.addKeyword({
    keyword: "x-role",
    code(context) {
      if (context.schema !== "time") return;
      const onCalendar = context.gen.scopeValue("func", {
        ref: isOnCalendar,
        code: _`require("../shared/rules").isOnCalendar`,
      });
      context.fail(_`typeof ${context.data} === "string" && !${onCalendar}(${context.data})`);
    },
  });
  return ajv;
}

/** A check of one record against `schema`, which collects every error. */
export const compileValidator = (schema: RecordSchema): ValidateFunction => createAjv().compile(schema);
