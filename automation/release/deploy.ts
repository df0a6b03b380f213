import { GetParameterCommand, PutParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { formatRelease, parseRelease, type Release } from "../../components/current-release";
import { UserError } from "../errors";
import { throwIfInterrupted } from "../interrupt";
import { type Answer } from "../prediction";
import { type Outputs, up } from "../stack";
import { type ReleaseContext } from "./context";
import { type Deployment, recordDeployment } from "./history";
import { type ReleaseRecord } from "./record";
import { smokeTest } from "./smoke-test";

/** The release that the stack is to serve, as its parameter says; undefined for none. */
export async function currentRelease(ssm: SSMClient, outputs: Outputs): Promise<Release | undefined> {
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: outputs.releaseParameter }));
  return parseRelease(Parameter?.Value);
}

/**
 * Makes the stack serve the release of `record`, and checks through the public URL that it does. When either fails, the
 * stack serves again what it served before, and Pulumi's state says so.
 */
export async function serveRelease(
  context: ReleaseContext,
  record: ReleaseRecord,
  action: Deployment["action"],
): Promise<{ deployed: boolean; answer: Answer }> {
  const { clients, outputs, stack, output } = context;
  const before = await currentRelease(clients.ssm, outputs);
  const test = () =>
    output.step("Smoke test through the public URL", () =>
      smokeTest(clients.logs, outputs, record.id, context.propagationSeconds),
    );
  if (before?.id === record.id) {
    output.note(`Release ${record.id} is served already: nothing to deploy.`);
    return { deployed: false, answer: await test() };
  }
  throwIfInterrupted();
  await point(context, pointerTo(record));
  try {
    await up(stack, output);
    const answer = await test();
    const change = { release: record.id, previous: before?.id, action };
    await recordDeployment(clients.s3, outputs.dataBucket, change);
    return { deployed: true, answer };
  } catch (error) {
    await putBack(context, before, error as Error);
    throw error;
  }
}

const pointerTo = ({ id, ingredients, modelDataUrl, modelPackageArn }: ReleaseRecord): Release => ({
  id,
  imageUri: ingredients.imageUri,
  modelDataUrl,
  modelPackageArn,
});

/** Serves again what was served `before` the deployment that failed with `error`. */
async function putBack(context: ReleaseContext, before: Release | undefined, error: Error): Promise<void> {
  const what = before ? `release ${before.id}` : "nothing";
  context.output.note(`Putting back what was served before: ${what}.`);
  try {
    await point(context, before);
    await up(context.stack, context.output);
  } catch (second) {
    throw new UserError(`${error.message} And putting back ${what} failed: ${(second as Error).message}`);
  }
}

async function point({ clients, outputs }: ReleaseContext, release: Release | undefined): Promise<void> {
  const Value = formatRelease(release);
  await clients.ssm.send(
    new PutParameterCommand({ Name: outputs.releaseParameter, Value, Type: "String", Overwrite: true }),
  );
}
