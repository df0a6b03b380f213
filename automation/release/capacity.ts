import { type SageMakerClient } from "@aws-sdk/client-sagemaker";
import { variantName } from "../../components/endpoint/endpoint-guardrails";
import { describeEndpoint } from "./serving";

/**
 * The number of instances that the endpoint is to have now, whoever wanted it: the settings or autoscaling. Undefined
 * when there is no such endpoint, or it is serverless.
 */
export async function currentInstanceCount(
  sagemaker: SageMakerClient,
  endpointName: string,
): Promise<number | undefined> {
  const endpoint = await describeEndpoint(sagemaker, endpointName);
  const variant = endpoint?.ProductionVariants?.find(({ VariantName }) => VariantName === variantName);
  return variant?.DesiredInstanceCount;
}
