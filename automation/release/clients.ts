import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECRClient } from "@aws-sdk/client-ecr";
import { S3Client } from "@aws-sdk/client-s3";
import { SageMakerClient } from "@aws-sdk/client-sagemaker";
import { SQSClient } from "@aws-sdk/client-sqs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { type Target } from "../target";

/** The AWS services that a release works with. */
export interface Clients {
  s3: S3Client;
  ecr: ECRClient;
  sagemaker: SageMakerClient;
  ssm: SSMClient;
  sqs: SQSClient;
  logs: CloudWatchLogsClient;
  cloudwatch: CloudWatchClient;
}

/** Clients for the stack's target. @param region the stack's, where the target itself names none. */
export function createClients(target: Target, region: string): Clients {
  const config = (service: string) => ({ region, ...target.clientConfig(service) });
  return {
    s3: new S3Client(config("s3")),
    ecr: new ECRClient(config("ecr")),
    sagemaker: new SageMakerClient(config("sagemaker")),
    ssm: new SSMClient(config("ssm")),
    sqs: new SQSClient(config("sqs")),
    logs: new CloudWatchLogsClient(config("logs")),
    cloudwatch: new CloudWatchClient(config("cloudwatch")),
  };
}

/** Whether SageMaker says that there is no endpoint, model, ... of the name. */
export const isMissing = ({ name, message }: Error) =>
  name === "ValidationException" && /could not find/i.test(message);
