import type {
  PutScalingPolicyRequest,
  RegisterScalableTargetRequest,
} from "@aws-sdk/client-application-auto-scaling";
import type {
  CreateEndpointConfigInput,
  CreateModelInput,
  CreateModelPackageGroupInput,
  CreateModelPackageInput,
  CreateProcessingJobRequest,
  CreateTrainingJobRequest,
  CreateTransformJobRequest,
  DeploymentConfig,
  EndpointStatus,
  ModelPackageStatusDetails,
  ProcessingJobStatus,
  ProductionVariant,
  SecondaryStatus,
  Tag,
  TrainingJobStatus,
  TransformJobStatus,
  VariantStatus,
} from "@aws-sdk/client-sagemaker";
import { join } from "node:path";
import type { LocalImage } from "../images";
import { Store } from "./store";

// What is kept of each resource: the request that made it, and its state under the names that Describe answers.
// Times are seconds since 1970, as on the wire.

/** What every resource has. */
export interface Resource {
  arn: string;
  tags: Tag[];
  CreationTime: number;
}

export interface TrainingJobRecord extends CreateTrainingJobRequest, Resource {
  TrainingJobArn: string;
  TrainingJobStatus: TrainingJobStatus;
  SecondaryStatus: SecondaryStatus;
  SecondaryStatusTransitions: StatusTransition[];
  ModelArtifacts: { S3ModelArtifacts: string };
  LastModifiedTime: number;
  TrainingStartTime?: number;
  TrainingEndTime?: number;
  TrainingTimeInSeconds?: number;
  BillableTimeInSeconds?: number;
  FailureReason?: string;
  FinalMetricDataList?: { MetricName: string; Value: number; Timestamp: number }[];
}

export interface StatusTransition {
  Status: SecondaryStatus;
  StartTime: number;
  EndTime?: number;
  StatusMessage: string;
}

export interface ProcessingJobRecord extends CreateProcessingJobRequest, Resource {
  ProcessingJobArn: string;
  ProcessingJobStatus: ProcessingJobStatus;
  LastModifiedTime: number;
  ProcessingStartTime?: number;
  ProcessingEndTime?: number;
  FailureReason?: string;
  ExitMessage?: string;
}

export interface TransformJobRecord extends CreateTransformJobRequest, Resource {
  TransformJobArn: string;
  TransformJobStatus: TransformJobStatus;
  TransformStartTime?: number;
  TransformEndTime?: number;
  FailureReason?: string;
}

export interface ModelRecord extends CreateModelInput, Resource {
  ModelName: string;
  ModelArn: string;
}

export interface EndpointConfigRecord extends CreateEndpointConfigInput, Resource {
  EndpointConfigName: string;
  EndpointConfigArn: string;
}

/** What UpdateEndpointWeightsAndCapacities and autoscaling change of a variant, and what an update may retain. */
export interface VariantProperties {
  weight: number;
  /** None when serverless. On this machine one container stands for all instances. */
  instanceCount?: number;
}

/** One production variant as it is deployed: fixed then, whatever becomes of its model or its image's tag. */
export interface DeployedVariant extends VariantProperties {
  variant: ProductionVariant;
  image: LocalImage;
  roleArn: string;
  modelData?: ModelData;
  environment: Record<string, string>;
  networkIsolation: boolean;
}

/** Where a model's files are: one gzipped tar archive, or everything below a prefix. */
export interface ModelData {
  s3Uri: string;
  packing: "tar.gz" | "none";
}

/** What an endpoint serves with. */
export interface FleetRecord {
  id: string;
  endpointConfigName: string;
  variants: DeployedVariant[];
  /** Get a copy of requests; their answers go nowhere. */
  shadows: DeployedVariant[];
  /** When the images were resolved, seconds since 1970. */
  since: number;
}

export interface EndpointRecord extends Resource {
  EndpointName: string;
  EndpointArn: string;
  EndpointConfigName: string;
  EndpointStatus: EndpointStatus;
  LastModifiedTime: number;
  FailureReason?: string;
  /** In service; none while the endpoint is first made. */
  fleet?: FleetRecord;
  /** The deployment under way. */
  pending?: PendingDeployment;
  LastDeploymentConfig?: DeploymentConfig;
}

/** A configuration on its way to serve an endpoint. */
export interface PendingDeployment {
  configName: string;
  deploymentConfig?: DeploymentConfig;
  /** Seconds since 1970. */
  startTime: number;
  /** By variant: what stays as it was, whatever the new configuration says. */
  retained: Record<string, Partial<VariantProperties>>;
  stage: VariantStatus;
  /** Seconds since 1970. */
  stageTime: number;
  /** Of the requests, from 0 to 1, that the new fleet gets now. */
  share: number;
}

export interface ModelPackageGroupRecord extends CreateModelPackageGroupInput, Resource {
  ModelPackageGroupName: string;
  ModelPackageGroupArn: string;
  ModelPackageGroupStatus: "Completed";
  CreatedBy: Record<string, never>;
  /** Number of the newest version, deleted ones included. */
  lastVersion: number;
}

export interface ModelPackageRecord extends CreateModelPackageInput, Resource {
  ModelPackageName: string;
  ModelPackageArn: string;
  ModelPackageVersion?: number;
  ModelPackageStatus: "Completed";
  ModelPackageStatusDetails: ModelPackageStatusDetails;
  LastModifiedTime?: number;
  ApprovalDescription?: string;
}

export interface ScalableTargetRecord extends RegisterScalableTargetRequest, Resource {
  ScalableTargetARN: string;
  RoleARN: string;
}

export interface ScalingPolicyRecord extends PutScalingPolicyRequest, Resource {
  PolicyARN: string;
}

/** A record without what only this server needs: what events and configuration files show. */
export function shownOf(record: Resource & { Tags?: Tag[] }): Record<string, unknown> {
  const hidden = ["arn", "tags", "Tags"];
  return Object.fromEntries(Object.entries(record).filter(([name]) => !hidden.includes(name)));
}

/** All that this server remembers, below `<home>/sagemaker/state`. */
export class Stores {
  readonly trainingJobs: Store<TrainingJobRecord>;
  readonly processingJobs: Store<ProcessingJobRecord>;
  readonly transformJobs: Store<TransformJobRecord>;
  readonly models: Store<ModelRecord>;
  readonly endpointConfigs: Store<EndpointConfigRecord>;
  readonly endpoints: Store<EndpointRecord>;
  readonly modelPackageGroups: Store<ModelPackageGroupRecord>;
  /** By `<group>/<version>`, or the name of a package without versions. */
  readonly modelPackages: Store<ModelPackageRecord>;

  readonly scalableTargets: Store<ScalableTargetRecord>;
  /** By resource id and name. */
  readonly scalingPolicies: Store<ScalingPolicyRecord>;

  constructor(home: string) {
    const folder = (name: string) => join(home, "sagemaker", "state", name);
    this.trainingJobs = new Store(folder("training-jobs"));
    this.processingJobs = new Store(folder("processing-jobs"));
    this.transformJobs = new Store(folder("transform-jobs"));
    this.models = new Store(folder("models"));
    this.endpointConfigs = new Store(folder("endpoint-configs"));
    this.endpoints = new Store(folder("endpoints"));
    this.modelPackageGroups = new Store(folder("model-package-groups"));
    this.modelPackages = new Store(folder("model-packages"));
    this.scalableTargets = new Store(folder("scalable-targets"));
    this.scalingPolicies = new Store(folder("scaling-policies"));
  }

  /** All of them, as what their records have in common. */
  all(): Store<Resource>[] {
    return Object.values(this) as Store<Resource>[];
  }
}

/** Now, in seconds since 1970 to the millisecond. */
export const now = () => Date.now() / 1000;
