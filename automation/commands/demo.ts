import { confirmSubscription, type Email, listEmails, waitForEmail } from "../../local/inbox/client";
import { UserError } from "../errors";
import { expectInterrupt, interruptSignal, throwIfInterrupted } from "../interrupt";
import { whyNoMail } from "../mail";
import { type Output } from "../output";
import { type Answer, playgroundUrl, predict } from "../prediction";
import { stackFor } from "../problem";
import { exampleRecord, readSchema, sampleData, type Schema, target } from "../project";
import { createContext } from "../release/context";
import { describeMetrics } from "../release/metrics";
import { release, type ReleaseResult } from "../release/release";
import { recentErrors } from "../release/smoke-test";
import { landSample, readData, sampleKey } from "../sample";
import { type Outputs } from "../outputs";
import { selectStack, up } from "../stack";
import { projectName, readStackConfig } from "../stack-config";
import { openTarget, type Target } from "../target";
import { alone } from "./alone";
import { isAttended, startConsole, untilInterrupted } from "./console";
import { describe as describePrediction } from "./predict";
import { answer as answerRelease, summary } from "./release";

export interface DemoOptions {
  data?: string;
  /** Folder of another problem. */
  problem?: string;
  /** Whether the console is opened, where somebody sees it. */
  console: boolean;
}

const emailTimeoutMs = 30_000;

/** `slipway demo` */
export async function demo(options: DemoOptions, output: Output): Promise<void> {
  const { data, problem } = options;
  const stackName = problem === undefined ? "local" : await stackFor(problem);
  const content = readData(data ?? sampleData(problem));
  const shown = options.console && !output.json && isAttended();
  const target = await openTarget(stackName, output);
  if (shown) output.note(`See it happen: ${await startConsole(stackName, target, { open: true }, output)}`);
  await alone(stackName, "demo", () => run(stackName, target, content, output)).finally(() => {
    if (interruptSignal.aborted) output.note("The laptop cloud goes on until 'npx slipway local stop'.");
  });
  if (!shown) return;
  expectInterrupt();
  output.note("\nThe console stays open until Ctrl-C. The laptop cloud goes on then, until it is stopped.");
  await untilInterrupted();
}

async function run(stackName: string, target: Target, content: Buffer, output: Output): Promise<void> {
  const stack = await selectStack(stackName, target, output);
  const { outputs } = await up(stack, output);
  const context = createContext(stack, outputs, target, output);
  const { clients } = context;
  await output.step("Landing the raw data in the bucket", async (progress) => {
    await landSample(clients.s3, outputs, content);
    progress.result(`${(content.length / 1024).toFixed(0)} KB as ${sampleKey(outputs.problem)}`);
  });
  const inboxUrl = target.laptop?.inboxUrl ?? "";
  await output.step("Confirming the email subscriptions, as the subscribers would", async (progress) => {
    progress.result(`${await confirmAll(inboxUrl, outputs.topicArn)} confirmed`);
  });
  const released = await release(context);
  if (released.state !== "served") return answerRelease(stackName, released, output);

  const asked = Date.now();
  const schema = readSchema(outputs.problem);
  const record = exampleRecord(schema);
  const answer = await output.step("Asking the public URL for a prediction", () =>
    predict(outputs, [record]),
  );
  const unmailed = whyNoMail(readStackConfig(stackName), projectName());
  if (unmailed) output.note(`No email about it is waited for: ${unmailed}.`);
  const email = unmailed
    ? null
    : await output.step("Waiting for the email about it", async (progress) => {
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
      ...{ inboxUrl, email: email && { to: email.to, subject: email.subject }, curl: curl(outputs, record) },
    },
    describe(stackName, schema, outputs, answer, released, inboxUrl),
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
  `curl -s ${predictionUrl} -H 'x-api-key: ${apiKey}' -H 'content-type: application/json' -d ${inShell(JSON.stringify(record))}`;

/** Asks for a prediction of another record than the example: of the features' second examples. */
function otherPrediction(stackName: string, { properties }: Schema): string {
  const features = Object.entries(properties).filter(([, field]) => field["x-role"] === "feature");
  const others = features.flatMap(([name, { examples = [] }]) =>
    examples.length > 1 ? [`${name}=${inShell(String(examples[1]))}`] : [],
  );
  return ["npx slipway predict", stackName, ...others].join(" ");
}

/** A text as bash takes it for one word. */
const inShell = (text: string) => (/^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** What removes the demo: the stack of another problem goes alone. */
const removal = (stackName: string) =>
  `npx slipway destroy ${stackName}${stackName === "local" ? " && npx slipway local reset" : ""}`;

function describe(
  stackName: string,
  schema: Schema,
  outputs: Outputs,
  answer: Answer,
  { metrics, seconds }: ReleaseResult,
  inboxUrl: string,
): string {
  return `
Prediction URL  ${outputs.predictionUrl}
API key         ${outputs.apiKey}
Playground      ${playgroundUrl(outputs.predictionUrl)}
Prediction      ${describePrediction(answer, target(schema))}
Inbox           ${inboxUrl}

${describeMetrics(metrics, outputs.problem)}
The release took ${seconds.toFixed(0)} s.

Try it:
  ${curl(outputs, exampleRecord(schema))}
  ${otherPrediction(stackName, schema)}
  npx slipway status ${stackName}
  npx slipway inbox ${stackName}
  npx slipway console ${stackName}

Stop it: npx slipway local stop      (starts again with 'npx slipway local start', everything kept)
Remove it: ${removal(stackName)}`;
}
