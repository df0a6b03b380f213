import * as v from "valibot";
import { answeredSchema } from "../shared/events";
import { type FieldError } from "../shared/problem";

const refusedSchema = v.object({
  message: v.string(),
  errors: v.array(v.object({ field: v.string(), value: v.optional(v.unknown(), null), rule: v.string() })),
});

const answerSchema = v.union([answeredSchema, refusedSchema]);
const answersSchema = v.object({ predictions: v.array(answerSchema) });

/** What a model says of one record: a prediction, or (partial answers of the container) why there is none. */
export type Answer = v.InferOutput<typeof answerSchema>;

/** An answer, and the release that has given it. */
export interface Released {
  answer: Answer;
  release: string;
}

/** What the model has answered is not what was asked for. The message completes "The model ...". */
export class ModelFault extends Error {
  override name = "ModelFault";
}

/** The answers of a JSON body, one for each of `count` records. @throws ModelFault */
export function readAnswers(body: string, count: number): Answer[] {
  const checked = v.safeParse(v.pipe(v.string(), v.parseJson(), answersSchema), body);
  if (!checked.success || checked.output.predictions.length !== count) {
    throw new ModelFault("has not answered with one prediction for each record");
  }
  return checked.output.predictions;
}

/** The answers of JSON Lines. @throws ModelFault */
export function readAnswerLines(text: string, count: number): Answer[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const checked = lines.map((line) => v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), line));
  if (checked.length !== count || checked.some(({ success }) => !success)) {
    throw new ModelFault("has not answered with one prediction for each record");
  }
  return checked.map(({ output }) => output as Answer);
}

/** Why the model refuses a record; none when it has predicted. */
export const errorsOf = (answer: Answer): FieldError[] => ("errors" in answer ? answer.errors : []);
