import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { counted, whole } from "../../handlers/publish/figures";
import { type Look } from "../../handlers/monitor/look";
import { shiftWords } from "../../handlers/shared/shift";
import { UserError } from "../errors";
import { interruptSignal } from "../interrupt";
import { type Output } from "../output";
import { requireOutputs } from "../outputs";
import { readSchema, target as targetOf } from "../project";
import { openTarget } from "../target";

/** Longer than a Lambda may take, in milliseconds. */
const lookTimeoutMs = 910_000;

/** `slipway monitor` */
export async function monitor(name: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const { region, monitorFunction, problem } = await requireOutputs(name, target, output);
  if (monitorFunction === undefined) {
    throw new UserError(
      `The stack '${name}' captures no requests. Write slipway:captureSharePercent (and slipway:endpoint real-time) into ` +
        `Pulumi.${name}.yaml and run 'npx slipway up ${name}'. See docs/model-monitoring.md.`,
    );
  }
  const lambda = new LambdaClient({
    ...{ region, ...target.clientConfig("lambda"), maxAttempts: 1 },
    requestHandler: { requestTimeout: lookTimeoutMs },
  });
  const found = await output.step("Comparing what was captured", () => look(lambda, monitorFunction));
  if (!found)
    throw new UserError(
      `The stack '${name}' serves no release: there is nothing to compare. Run 'npx slipway release ${name}'.`,
    );
  output.answer(found, describe(found, targetOf(readSchema(problem)).unit));
}

async function look(lambda: LambdaClient, FunctionName: string): Promise<Look | null> {
  const Payload = JSON.stringify({ action: "run" });
  const abortSignal = interruptSignal;
  const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload }), { abortSignal });
  const text = answer.Payload?.transformToString() ?? "";
  if (!answer.FunctionError) return JSON.parse(text) as Look | null;
  const { errorMessage } = JSON.parse(text) as { errorMessage?: string };
  throw new UserError(
    `The captured requests cannot be compared: ${errorMessage ?? text} The log group /aws/lambda/${FunctionName} has more.`,
  );
}

function describe(found: Look, unit: string): string {
  const { release, captured, requests, unreadable, fewest, columns, prediction, quality } = found;
  const width = Math.max(...columns.map(({ column }) => column.length), "the predictions".length);
  const row = (what: string, index: number) =>
    `  ${what.padEnd(width)}  ${index.toFixed(2).padStart(6)}  ${shiftWords(index)}`;
  return [
    `Release ${release}: ${counted(captured, "record")} of ${counted(requests, "request")} captured in the last 24 hours` +
      (unreadable > 0 ? `, and ${whole(unreadable)} that cannot be read.` : "."),
    ...(captured < fewest
      ? [`Too few to compare: chance alone would make figures of fewer than ${fewest} records.`]
      : ["Population stability index against the data that the release was made from:"]),
    ...columns.map(({ column, index }) => row(column, index).trimEnd()),
    ...(prediction === null ? [] : [row("the predictions", prediction).trimEnd()]),
    describeQuality(quality, unit),
  ].join("\n");
}

function describeQuality({ labels, joined, measure, error }: Look["quality"], unit: string): string {
  if (labels === 0) return "No labels have come in the last 24 hours.";
  const came = `Of ${counted(labels, "label")}, ${whole(joined)} belong to captured requests of this release`;
  if (error === null) return `${came}: too few to tell an error.`;
  const shown =
    measure === "mean absolute error" ? `${error.toFixed(2)} ${unit}` : `${(100 * error).toFixed(1)} %`;
  return `${came}; ${measure}: ${shown}.`;
}
