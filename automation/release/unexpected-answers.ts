import { type CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { unexpectedAnswers } from "../../components/endpoint/endpoint-guardrails";

/**
 * Tells CloudWatch how many probes of a release got another answer than its evaluation has. One above 0 makes the alarm
 * on unexpected answers ring, and SageMaker rolls the deployment back.
 */
export async function reportUnexpectedAnswers(
  cloudWatch: CloudWatchClient,
  endpointName: string,
  releaseId: string,
  count: number,
): Promise<void> {
  const { namespace, metricName, dimensions } = unexpectedAnswers;
  const Dimensions = Object.entries(dimensions(endpointName, releaseId)).map(([Name, Value]) => ({
    Name,
    Value,
  }));
  const datum = {
    MetricName: metricName,
    Dimensions,
    Value: count,
    Unit: "Count" as const,
    Timestamp: new Date(),
  };
  await cloudWatch.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: [datum] }));
}
