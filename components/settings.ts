import * as pulumi from "@pulumi/pulumi";
import { type BatchSettings, readBatchSettings } from "./api/batch-settings";
import { type DataSettings, readDataSettings } from "./data/data-settings";
import { type ApiSettings, readApiSettings } from "./api/api-settings";
import { type EndpointCapacity } from "./endpoint/endpoint-capacity";
import { type Guardrails } from "./endpoint/endpoint-guardrails";
import { type PipelineSettings, readPipelineSettings } from "./release/deployment-pipeline";
import { type GateSettings, readGateSettings } from "./release/gate-settings";
import { type MonitorSettings, readMonitorSettings } from "./monitoring/monitor-settings";
import { type SourceSettings } from "./sources/sources";
import { type Announcing, readAnnouncing, readSubscribers } from "./results/subscriber-settings";
import { type Subscriber } from "./results/subscribers";
import { requireProperty } from "./shared/validation";

/** The stack's configuration. Declared, described and given defaults in `Pulumi.yaml`. */
export interface Settings {
  capacity: EndpointCapacity;
  guardrails: Guardrails;
  baseImage: string;
  trainingInstanceType: string;
  trainingInstanceCount: number;
  maxRuntimeInSeconds: number;
  /** Those of `emails` among them. */
  subscribers: Subscriber[];
  publicSubscriptions: boolean;
  announcePredictions: Announcing;
  /** ARNs of those who may assume the data scientists' role; empty: the account decides. */
  dataScientists: string[];
  /** US dollars; 0 for no budget. */
  monthlyBudget: number;
  digestSeconds: number;
  api: ApiSettings;
  dashboard: boolean;
  logRetentionDays: number;
  /** ARN of a managed policy, or `none`. */
  permissionsBoundary: string;
  deleteDataOnDestroy: boolean;
  /** By name. */
  sources: Record<string, SourceSettings>;
  data: DataSettings;
  gate: GateSettings;
  batches: BatchSettings;
  monitor: MonitorSettings;
  /** Undefined: pushes are not deployed by CodePipeline. */
  codePipeline?: PipelineSettings;
}

/** Reads the configuration of the stack at hand. */
export function readSettings(config = new pulumi.Config()): Settings {
  const kind = config.require("endpoint");
  requireProperty(
    kind === "serverless" || kind === "real-time",
    "endpoint",
    kind,
    `write 'serverless' or 'real-time' into Pulumi.${pulumi.getStack()}.yaml`,
  );
  return {
    capacity:
      kind === "serverless"
        ? {
            kind,
            memorySizeInMb: config.requireNumber("serverlessMemoryInMb"),
            maxConcurrency: config.requireNumber("serverlessConcurrency"),
          }
        : {
            kind: "real-time",
            instanceType: config.require("instanceType"),
            instanceCount: config.requireNumber("instanceCount"),
            maxInstanceCount: config.requireNumber("maxInstanceCount"),
            requestsPerInstance: config.requireNumber("requestsPerInstance"),
          },
    guardrails: {
      canaryPercent: config.requireNumber("canaryPercent"),
      bakeSeconds: config.requireNumber("bakeSeconds"),
      alarmPeriodSeconds: config.requireNumber("alarmPeriodSeconds"),
      max5xxPercent: config.requireNumber("max5xxPercent"),
      maxLatencyMs: config.requireNumber("maxLatencyMs"),
    },
    baseImage: config.require("baseImage"),
    trainingInstanceType: config.require("trainingInstanceType"),
    trainingInstanceCount: config.requireNumber("trainingInstanceCount"),
    maxRuntimeInSeconds: config.requireNumber("maxRuntimeInSeconds"),
    subscribers: readSubscribers(config),
    publicSubscriptions: config.requireBoolean("publicSubscriptions"),
    announcePredictions: readAnnouncing(config),
    dataScientists: config.requireObject<string[]>("dataScientists"),
    monthlyBudget: config.requireNumber("monthlyBudget"),
    digestSeconds: config.requireNumber("digestSeconds"),
    api: readApiSettings(config),
    dashboard: config.requireBoolean("dashboard"),
    logRetentionDays: config.requireNumber("logRetentionDays"),
    permissionsBoundary: config.require("permissionsBoundary"),
    deleteDataOnDestroy: config.requireBoolean("deleteDataOnDestroy"),
    sources: config.getObject<Record<string, SourceSettings>>("sources") ?? {},
    data: readDataSettings(config),
    gate: readGateSettings(config),
    batches: readBatchSettings(config),
    monitor: readMonitorSettings(config),
    codePipeline: readPipelineSettings(config),
  };
}
