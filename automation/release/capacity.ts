import { DescribeEndpointCommand, type SageMakerClient } from "@aws-sdk/client-sagemaker";
import { variantName } from "../../components/endpoint-guardrails";

/**
 * The number of instances that the endpoint is to have now, whoever wanted it: the settings or autoscaling. Undefined
 * when there is no such endpoint, or it is serverless.
 */
export async function currentInstanceCount(
  sagemaker: SageMakerClient,
  endpointName: string,
): Promise<number | undefined> {
  const command = new DescribeEndpointCommand({ EndpointName: endpointName });
  const endpoint = await sagemaker.send(command).catch((error: Error) => {
    if (error.name === "ValidationException" && /could not find/i.test(error.message)) return undefined;
    throw error;
  });
  const variant = endpoint?.ProductionVariants?.find(({ VariantName }) => VariantName === variantName);
  return variant?.DesiredInstanceCount;
}
