import { InvokeCommand, type LambdaClient } from "@aws-sdk/client-lambda";
import { setTimeout as sleep } from "node:timers/promises";
import { type IngestResult } from "../../handlers/shared/landing/landing";
import { UserError } from "../errors";
import { interruptSignal, throwIfInterrupted } from "../interrupt";

/** What runs of a source have done, until it had nothing more to do. */
export type Ingested = Pick<IngestResult, "landed" | "setAside" | "waiting">;

/**
 * Runs a source's Lambda until it waits for nothing any more: an export, a query and an UNLOAD go on elsewhere meanwhile.
 * @param wait false: one run, whatever it waits for.
 * @throws UserError with the Lambda's own words when a run fails; what had landed stays landed, and the next run goes on.
 */
export async function ingest(
  lambda: LambdaClient,
  source: string,
  functionName: string,
  { wait, pollSeconds, now }: { wait: boolean; pollSeconds: number; now: (detail: string) => void },
): Promise<Ingested> {
  const all: Ingested = { landed: [], setAside: [] };
  for (;;) {
    const { landed, setAside, waiting } = await run(lambda, source, functionName);
    all.landed.push(...landed);
    all.setAside.push(...setAside);
    if (waiting === undefined || !wait) return { ...all, ...(waiting === undefined ? {} : { waiting }) };
    now(waiting);
    await sleep(pollSeconds * 1000, undefined, { signal: interruptSignal }).catch(() => undefined);
    throwIfInterrupted();
  }
}

async function run(lambda: LambdaClient, source: string, functionName: string): Promise<IngestResult> {
  const Payload = JSON.stringify({ action: "run" });
  const answer = await lambda.send(new InvokeCommand({ FunctionName: functionName, Payload }), {
    abortSignal: interruptSignal,
  });
  const text = answer.Payload?.transformToString() ?? "";
  if (!answer.FunctionError) return JSON.parse(text) as IngestResult;
  const { errorMessage } = JSON.parse(text) as { errorMessage?: string };
  throw new UserError(
    `The source ${source} cannot be ingested: ${errorMessage ?? text} What had landed stays landed, and the next run goes on from ` +
      `there. The log group /aws/lambda/${functionName} has more.`,
  );
}
