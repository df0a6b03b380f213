import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import * as v from "valibot";
import { type Announcing } from "../shared/announcing";
import { preflight, withCors } from "../shared/cors";
import { answeredSchema, type EventOf } from "../shared/events";
import { errorFields, type Log } from "../shared/log";
import { metricFields } from "../shared/metrics";
import { type ModelAnswer, releaseOf, unknownRelease } from "../shared/model-answer";
import { answer, problemAnswer, unexpected } from "../shared/problem";
import { probeMark } from "../shared/probe";
import { bodyOf, header } from "../shared/request";
import { logOfFailure, modelFailed, problemOfFailure } from "./failures";
import { type Claims, once } from "./idempotency";
import { refuse } from "./refuse";
import { type InputRecord, type RequestReader } from "./request";
import { resultEvents, type Results } from "./results";

/** What a prediction needs of the world. */
export interface Ports {
  stack: string;
  target: { name: string; unit: string };
  /** Which predictions the subscribers hear of. */
  announcing: Announcing;
  reader: RequestReader;
  /** Whose pages browsers let call the API: see shared/cors.ts. */
  allowedOrigins: string;
  /** Id of the API key that the release engine asks with: nobody is told of its predictions. */
  releaseKeyId: string;
  claims: Claims;
  /** @param inferenceId what the request is called where SageMaker captures it. */
  invoke(body: string, inferenceId: string): Promise<ModelAnswer>;
  /** Puts an event on the results queue. */
  announce(event: EventOf<"prediction.results">): Promise<void>;
  log: Log;
  now(): Date;
}

const predictionsSchema = v.object({ predictions: v.array(answeredSchema) });

/** Answers POST /predict, and OPTIONS for browsers; never throws. */
export async function predict(event: APIGatewayProxyEvent, ports: Ports): Promise<APIGatewayProxyResult> {
  const { allowedOrigins } = ports;
  if (event.httpMethod === "OPTIONS") return preflight(event, allowedOrigins);
  return withCors(event, allowedOrigins, await answerPost(event, ports));
}

async function answerPost(event: APIGatewayProxyEvent, ports: Ports): Promise<APIGatewayProxyResult> {
  const { requestId } = event.requestContext;
  // Whoever counts callers' requests in the log leaves the release engine's out.
  const log = ports.log.with({ requestId, isProbe: isProbe(event, ports) });
  try {
    return await once(event, { ...ports, log }, () => answerRequest(event, { ...ports, log }));
  } catch (error) {
    log.error("the request could not be handled", { ...errorFields(error), trace: (error as Error).stack });
    return problemAnswer(unexpected, requestId);
  }
}

async function answerRequest(event: APIGatewayProxyEvent, ports: Ports): Promise<APIGatewayProxyResult> {
  const { log, reader, target } = ports;
  const { requestId } = event.requestContext;
  const time = ports.now();
  const started = performance.now();

  const parsed = reader.read(bodyOf(event), header(event.headers, "content-type"));
  if ("problem" in parsed) return refuse(parsed.problem, requestId, log);
  const { instances } = parsed;

  const probes = isProbe(event, ports);
  const asked = performance.now();
  let model: ModelAnswer;
  try {
    model = await ports.invoke(
      JSON.stringify({ instances }),
      probes ? `${probeMark}${requestId}` : requestId,
    );
  } catch (error) {
    return refuse(problemOfFailure(error), requestId, log, logOfFailure(error));
  }
  const modelTime = performance.now() - asked;

  const values = predictionsOf(model, instances);
  if (values === undefined) {
    return refuse(modelFailed, requestId, log, {
      reason: "the model's answer is not one prediction a record",
    });
  }
  const release = releaseOf(model);
  if (release === unknownRelease) log.warn("the model does not say which release it is");

  const predictions = values.map((value, index) => ({ input: instances[index] ?? {}, ...value }));
  const results = { requestId, time: time.toISOString(), predictions };
  const queueing = performance.now();
  const queued = !probes && (await announce(results, release, ports));
  const queueTime = performance.now() - queueing;
  const metrics = {
    Latency: { unit: "Milliseconds", value: toHundredths(performance.now() - started) },
    ModelTime: { unit: "Milliseconds", value: toHundredths(modelTime) },
    QueueTime: { unit: "Milliseconds", value: toHundredths(queueTime) },
    Instances: { unit: "Count", value: instances.length },
  } as const;
  log.info("predicted", { release, queued, ...metricFields([["stack"]], metrics, ports.now()) });
  return answer(200, requestId, {
    // A class has no unit.
    predictions: values.map((value) => ("lower" in value ? { ...value, unit: target.unit } : value)),
    release,
    requestId,
  });
}

/** Whether the release engine asks: to probe a deployment, or for its smoke test. */
const isProbe = (event: APIGatewayProxyEvent, { releaseKeyId }: Ports) =>
  event.requestContext.identity.apiKeyId === releaseKeyId;

/** Queues the results for the subscribers. The caller gets the answer even when that fails: it is right all the same. */
async function announce(results: Results, release: string, ports: Ports): Promise<boolean> {
  try {
    await Promise.all(resultEvents(results, release, ports).map((event) => ports.announce(event)));
    return true;
  } catch (error) {
    ports.log.error("the results could not be queued: subscribers do not get them", errorFields(error));
    return false;
  }
}

const toHundredths = (milliseconds: number) => Math.round(milliseconds * 100) / 100;

function predictionsOf(model: ModelAnswer, instances: InputRecord[]) {
  let body: unknown;
  try {
    body = JSON.parse(model.body);
  } catch {
    return undefined;
  }
  const checked = v.safeParse(predictionsSchema, body);
  if (!checked.success || checked.output.predictions.length !== instances.length) return undefined;
  return checked.output.predictions;
}
