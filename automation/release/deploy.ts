import { GetParameterCommand, PutParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { type Stack } from "@pulumi/pulumi/automation";
import { formatRelease, parseRelease, type Release } from "../../components/current-release";
import { type Output } from "../output";
import { type Outputs, up } from "../stack";

/** The release that the stack is to serve, as its parameter says; undefined for none. */
export async function currentRelease(ssm: SSMClient, outputs: Outputs): Promise<Release | undefined> {
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: outputs.releaseParameter }));
  return parseRelease(Parameter?.Value);
}

/**
 * Makes the stack serve `release`: writes it into the stack's parameter and brings the stack up.
 * When that fails, the parameter says again what it said before, and so does the state once it is up.
 */
export async function deploy(
  ssm: SSMClient,
  stack: Stack,
  outputs: Outputs,
  release: Release,
  output: Output,
) {
  const before = await currentRelease(ssm, outputs);
  await point(ssm, outputs, release);
  try {
    return await up(stack, output);
  } catch (error) {
    await undeploy(ssm, stack, outputs, before, output);
    throw error;
  }
}

/** Puts back what was served before a deployment that failed. */
export async function undeploy(
  ssm: SSMClient,
  stack: Stack,
  outputs: Outputs,
  before: Release | undefined,
  output: Output,
): Promise<void> {
  await point(ssm, outputs, before);
  output.note(`Putting back what was served before: ${before ? `release ${before.id}` : "nothing"}.`);
  await up(stack, output);
}

async function point(ssm: SSMClient, outputs: Outputs, release: Release | undefined): Promise<void> {
  const Value = formatRelease(release);
  await ssm.send(
    new PutParameterCommand({ Name: outputs.releaseParameter, Value, Type: "String", Overwrite: true }),
  );
}
