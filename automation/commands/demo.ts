import { confirmSubscription, type Email, listEmails, waitForEmail } from "../../local/inbox/client";
import { UserError } from "../errors";
import { interruptSignal, throwIfInterrupted } from "../interrupt";
import { type Output } from "../output";
import { type Answer, playgroundUrl, predict } from "../prediction";
import { exampleRecord, sampleData } from "../project";
import { createContext } from "../release/context";
import { describeMetrics } from "../release/metrics";
import { release, type ReleaseResult } from "../release/release";
import { recentErrors } from "../release/smoke-test";
import { landSample, readData, sampleKey } from "../sample";
import { type Outputs } from "../outputs";
import { selectStack, up } from "../stack";
import { openTarget } from "../target";
import { alone } from "./alone";
import { describe as describePrediction } from "./predict";
import { answer as answerRelease, summary } from "./release";

const stackName = "local";
const emailTimeoutMs = 30_000;

/** `slipway demo` */
export const demo = (data: string | undefined, output: Output) =>
  alone(stackName, "demo", () => run(data ?? sampleData(), output));

async function run(data: string, output: Output): Promise<void> {
  const content = readData(data);
  const target = await openTarget(stackName, output);
  const stack = await selectStack(stackName, target, output);
  const { outputs } = await up(stack, output);
  const context = createContext(stack, outputs, target, output);
  const { clients } = context;
  await output.step("Landing the raw data in the bucket", async (progress) => {
    await landSample(clients.s3, outputs.dataBucket, content);
    progress.result(`${(content.length / 1024).toFixed(0)} KB as ${sampleKey}`);
  });
  const inboxUrl = target.laptop?.inboxUrl ?? "";
  await output.step("Confirming the email subscriptions, as the subscribers would", async (progress) => {
    progress.result(`${await confirmAll(inboxUrl, outputs.topicArn)} confirmed`);
  });
  const released = await release(context);
  if (released.state !== "served") return answerRelease(stackName, released, output);

  const asked = Date.now();
  const record = exampleRecord();
  const answer = await output.step("Asking the public URL for a prediction", () =>
    predict(outputs, [record]),
  );
  const email = await output.step("Waiting for the email about it", async (progress) => {
    const found = await waitForResults(inboxUrl, asked).catch(async (error: Error) => {
      const errors = await recentErrors(clients.logs, outputs.publishLogGroup, asked);
      throw errors.length
        ? new UserError(`${error.message} The publish Lambda logged: ${errors.join(" ")}`)
        : error;
    });
    progress.result(`'${found.subject}' to ${found.to}`);
    return found;
  });
  output.answer(
    {
      ...{
        ...summary(stackName, released),
        predictionUrl: outputs.predictionUrl,
        playgroundUrl: playgroundUrl(outputs.predictionUrl),
        apiKey: outputs.apiKey,
        answer,
      },
      ...{ inboxUrl, email: { to: email.to, subject: email.subject }, curl: curl(outputs, record) },
    },
    describe(outputs, record, answer, released, inboxUrl),
  );
}

async function confirmAll(inboxUrl: string, topicArn: string): Promise<number> {
  const confirmations = (await listEmails(inboxUrl)).filter(
    (email) => email.confirmationUrl && email.topicArn === topicArn,
  );
  const confirmed = new Set<string>();
  for (const email of confirmations) {
    // The link of an address that has since been taken out of the stack leads nowhere.
    const ended = () => throwIfInterrupted();
    await confirmSubscription(email, interruptSignal).then(() => void confirmed.add(email.to), ended);
  }
  return confirmed.size;
}

const waitForResults = (inboxUrl: string, since: number): Promise<Email> =>
  waitForEmail(
    inboxUrl,
    ({ attributes, receivedAt }) =>
      attributes.kind === "prediction.results" && Date.parse(receivedAt) >= since,
    emailTimeoutMs,
    interruptSignal,
  );

const curl = ({ predictionUrl, apiKey }: Outputs, record: Record<string, unknown>) =>
  `curl -s ${predictionUrl} -H 'x-api-key: ${apiKey}' -H 'content-type: application/json' -d '${JSON.stringify(record)}'`;

function describe(
  outputs: Outputs,
  record: Record<string, unknown>,
  answer: Answer,
  { metrics, seconds }: ReleaseResult,
  inboxUrl: string,
): string {
  return `
Prediction URL  ${outputs.predictionUrl}
API key         ${outputs.apiKey}
Playground      ${playgroundUrl(outputs.predictionUrl)}
Prediction      ${describePrediction(answer)}
Inbox           ${inboxUrl}

${describeMetrics(metrics)}
The release took ${seconds.toFixed(0)} s.

Try it:
  ${curl(outputs, record)}
  npx slipway predict local distance=12.5 pickup_zone='JFK Airport'
  npx slipway status local
  npx slipway inbox local

Stop it: npx slipway local stop      (starts again with 'npx slipway local start', everything kept)
Remove it: npx slipway destroy local && npx slipway local reset`;
}
