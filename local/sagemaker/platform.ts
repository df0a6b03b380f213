import type { Cloud } from "./aws/cloud";
import type { ContainerCredentials } from "./container-credentials";
import type { Endpoints } from "./endpoints/endpoints";
import type { Events } from "./events";
import type { Executors } from "./executors/executor";
import type { Jobs } from "./jobs/jobs";
import type { EndpointMetrics } from "./metrics";
import type { ServiceModel } from "./protocol/service-model";
import type { Stores } from "./records";
import type { Settings } from "./settings";

/** What the parts of this server share. */
export interface Foundation {
  settings: Settings;
  stores: Stores;
  cloud: Cloud;
  events: Events;
  metrics: EndpointMetrics;
  executor: Executors;
  containerCredentials: ContainerCredentials;
}

/** Everything that an operation may need. */
export interface Platform extends Foundation {
  models: { sagemaker: ServiceModel; runtime: ServiceModel; autoscaling: ServiceModel };
  jobs: Jobs;
  endpoints: Endpoints;
}

/**
 * ARN of a SageMaker resource of this account. AWS writes the name in lower case there, whatever its own case is,
 * and policies must do the same.
 */
export function arnOf(settings: Pick<Settings, "region" | "accountId">, type: string, name: string): string {
  return `arn:aws:sagemaker:${settings.region}:${settings.accountId}:${type}/${name.toLowerCase()}`;
}
