import { GetParameterCommand, type SSMClient } from "@aws-sdk/client-ssm";
import { parseRelease, type Release } from "../../components/release/current-release";
import { type Outputs } from "../outputs";

/** The release that the stack is to serve, as its parameter says; undefined for none. */
export async function currentRelease(ssm: SSMClient, outputs: Outputs): Promise<Release | undefined> {
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: outputs.releaseParameter }));
  return parseRelease(Parameter?.Value);
}
