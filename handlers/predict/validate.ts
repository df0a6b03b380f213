import { recordSchema, requestSchema } from "../shared/schema";
import { compileValidator } from "../shared/validator";

/**
 * Checks one record of a request. In the Lambda's bundle the code that Ajv makes of it stands in the place of this file, without
 * Ajv (see components/lambda/bundle.ts): compiling would cost each cold start 30 ms, and Ajv 130 KB.
 */
export const validate = compileValidator(requestSchema(recordSchema));
