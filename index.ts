import * as pulumi from "@pulumi/pulumi";
import { accessLogGroup } from "./components/api/access-logs";
import { alarmEvents } from "./components/shared/alarm";
import { ApiSite } from "./components/api/api-site";
import { BatchScoring } from "./components/api/batch-scoring";
import { readContext } from "./components/shared/context";
import { CostGuard } from "./components/monitoring/cost-guard";
import { CurrentRelease } from "./components/release/current-release";
import { DataBucket } from "./components/data/data-bucket";
import { DataScientists } from "./components/endpoint/data-scientists";
import { DeploymentPipeline } from "./components/release/deployment-pipeline";
import { ModelEndpoint } from "./components/endpoint/model-endpoint";
import { ModelImage } from "./components/release/model-image";
import { ModelMonitor } from "./components/monitoring/model-monitor";
import { ModelRegistry } from "./components/release/model-registry";
import { Monitoring } from "./components/monitoring/monitoring";
import { boundRoles } from "./components/shared/permissions-boundary";
import { imageFolder } from "./components/shared/problem";
import { PredictionApi } from "./components/api/prediction-api";
import { PublicSubscriptions } from "./components/api/public-subscriptions";
import { ResultsTopic } from "./components/results/results-topic";
import { readSettings } from "./components/settings";
import { Sources } from "./components/sources/sources";
import { StateTable } from "./components/data/state-table";
import { TrainingJobs } from "./components/release/training-jobs";

/**
 * The whole of Slipway on AWS, component by component. The stock CLI (`pulumi up`) and the `slipway` command
 * (Automation API) both run this function.
 */
async function program() {
  const context = await readContext();
  const settings = readSettings();
  const { logRetentionDays } = settings;
  boundRoles(settings.permissionsBoundary);

  const data = new DataBucket("data", {
    context,
    deleteData: settings.deleteDataOnDestroy,
    batchDays: settings.batches.retentionDays,
    captureDays: settings.monitor.captureDays,
  });
  const image = new ModelImage("image", {
    context,
    folder: imageFolder(context.problem),
    baseImage: settings.baseImage,
    deleteImages: settings.deleteDataOnDestroy,
  });
  const jobs = new TrainingJobs("jobs", { context, data, image, logRetentionDays });
  const registry = new ModelRegistry("registry", context);
  const release = await CurrentRelease.read("release", context);
  const endpoint = new ModelEndpoint("endpoint", {
    context,
    data,
    image,
    capacity: settings.capacity,
    guardrails: settings.guardrails,
    release: release.value,
    captureSharePercent: settings.monitor.captureSharePercent,
    logRetentionDays,
  });
  const state = new StateTable("state", { context, deleteData: settings.deleteDataOnDestroy });
  // Mails link to the API, which needs the results first.
  const [apiUrl, setApiUrl] = pulumi.deferredOutput<string>();
  const scientists = new DataScientists("scientists", {
    context,
    endpoint,
    principals: settings.dataScientists,
  });
  const results = new ResultsTopic("results", {
    context,
    state,
    subscribers: settings.subscribers,
    digestSeconds: settings.digestSeconds,
    apiUrl,
    ...(settings.publicSubscriptions ? { unsubscribeUrl: pulumi.interpolate`${apiUrl}/unsubscribe` } : {}),
    logRetentionDays,
  });
  const sources = new Sources("sources", {
    context,
    data,
    results,
    sources: settings.sources,
    deleteData: settings.deleteDataOnDestroy,
    logRetentionDays,
  });
  results.alertOn({ "failed-jobs": jobs.failures, ...alarmEvents(context) });
  const subscriptions = settings.publicSubscriptions
    ? new PublicSubscriptions("subscriptions", { context, results, state, logRetentionDays })
    : undefined;
  const site = new ApiSite("site", {
    context,
    endpoint,
    subscriptions: settings.publicSubscriptions,
    allowedOrigins: settings.api.allowedOrigins,
    logRetentionDays,
  });
  const batches = new BatchScoring("batches", {
    context,
    data,
    endpoint,
    results,
    state,
    settings: settings.batches,
    releaseId: release.value?.id,
    logRetentionDays,
  });
  const api = new PredictionApi("api", {
    context,
    endpoint,
    results,
    state,
    settings: settings.api,
    announcing: settings.announcePredictions,
    logRetentionDays,
    routes: [...site.routes, ...batches.routes, ...(subscriptions?.routes ?? [])],
  });
  setApiUrl(api.rootUrl);
  const monitor =
    settings.monitor.captureSharePercent > 0
      ? new ModelMonitor("monitor", {
          ...{ context, data, endpoint, settings: settings.monitor },
          releaseId: release.value?.id,
          logRetentionDays,
        })
      : undefined;
  const monitoring = new Monitoring("monitoring", {
    ...{ context, api, endpoint, results, sources, monitor, dashboard: settings.dashboard },
    lambdas: {
      ...{ predict: api.predictor, site: site.site, publish: results.publisher },
      ...{ batches: batches.api, score: batches.scorer, ...sources.lambdas },
      ...(subscriptions ? { subscriptions: subscriptions.handler } : {}),
      ...(monitor ? { monitor: monitor.handler } : {}),
    },
    logGroups: {
      events: jobs.history.name,
      ...(settings.api.accessLogs === "none" ? {} : { access: accessLogGroup(context) }),
    },
  });
  if (settings.monthlyBudget > 0) {
    const emails = settings.subscribers.filter(({ protocol }) => protocol === "email");
    const { monthlyBudget } = settings;
    new CostGuard("costs", { context, monthlyBudget, emails: emails.map(({ endpoint }) => endpoint) });
  }
  if (settings.codePipeline) {
    new DeploymentPipeline("deployment", {
      context,
      data,
      settings: settings.codePipeline,
      logRetentionDays,
    });
  }

  return {
    region: context.region,
    problem: context.problem,
    deleteDataOnDestroy: settings.deleteDataOnDestroy,
    dataBucket: data.bucket.bucket,
    baseImage: settings.baseImage,
    imageUri: image.uri,
    jobsRoleArn: jobs.role.arn,
    jobPrefix: jobs.jobPrefix,
    trainingInstanceType: settings.trainingInstanceType,
    trainingInstanceCount: settings.trainingInstanceCount,
    maxRuntimeInSeconds: settings.maxRuntimeInSeconds,
    modelPackageGroup: registry.groupName,
    releaseParameter: release.parameter.name,
    endpointName: endpoint.endpointName,
    alarmNames: endpoint.alarmNames,
    ...(monitor ? { monitorFunction: monitor.handler.function.name } : {}),
    dataScientistRoleArn: scientists.role.arn,
    predictionUrl: api.url,
    apiKey: api.apiKey,
    releaseKey: api.releaseKey,
    resultsQueueUrl: results.queue.url,
    deadLetterQueueUrl: results.deadLetterQueue.url,
    topicArn: results.topic.arn,
    predictLogGroup: api.predictor.logGroup.name,
    scoreLogGroup: batches.scorer.logGroup.name,
    publishLogGroup: results.publisher.logGroup.name,
    sources: sources.outputs,
    monitoring: monitoring.outputs,
    dataLimits: settings.data,
    gate: settings.gate,
  };
}

export = program;
