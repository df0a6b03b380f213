import * as v from "valibot";
import { answeredSchema } from "../shared/events";

/** A record that the model was asked for, and what it answered. */
export interface Asked {
  input: Record<string, unknown>;
  value: number | string;
}

/** A captured request. */
export interface CapturedRequest {
  /** Of the API's answer; undefined for a request to the endpoint itself that named none. */
  requestId: string | undefined;
  records: Asked[];
}

const partSchema = v.object({ data: v.string(), encoding: v.string() });

const lineSchema = v.object({
  captureData: v.object({ endpointInput: partSchema, endpointOutput: partSchema }),
  eventMetadata: v.object({ inferenceId: v.optional(v.string()) }),
});

const inputSchema = v.object({ instances: v.array(v.record(v.string(), v.unknown())) });
const outputSchema = v.object({ predictions: v.array(v.union([answeredSchema, v.object({})])) });

/**
 * A line of SageMaker's data capture
 * (https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html).
 * @returns undefined when request or answer are not those of docs/data-scientists.md, such as a request in CSV.
 */
export function parseCaptured(line: string): CapturedRequest | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), lineSchema), line);
  if (!parsed.success) return undefined;
  const { captureData, eventMetadata } = parsed.output;
  const input = v.safeParse(
    v.pipe(v.string(), v.parseJson(), inputSchema),
    textOf(captureData.endpointInput),
  );
  const output = v.safeParse(
    v.pipe(v.string(), v.parseJson(), outputSchema),
    textOf(captureData.endpointOutput),
  );
  if (!input.success || !output.success) return undefined;
  const { instances } = input.output;
  const { predictions } = output.output;
  if (instances.length !== predictions.length) return undefined;
  const records = instances.flatMap((record, index) => {
    const prediction = predictions[index]!;
    return "value" in prediction ? [{ input: record, value: prediction.value }] : []; // else the model refused it
  });
  return { requestId: eventMetadata.inferenceId, records };
}

const textOf = ({ data, encoding }: v.InferOutput<typeof partSchema>): string =>
  encoding === "BASE64" ? Buffer.from(data, "base64").toString() : data;
