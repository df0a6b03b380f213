import { counted } from "../../handlers/publish/figures";
import { type Latency, latencyChart, latencyText, readLatency } from "../logs/latency";
import { linksOf } from "../links";
import { type Output } from "../output";
import { playgroundUrl } from "../prediction";
import { type Clients, createClients } from "../release/clients";
import { type Deployment, readDeployment } from "../release/deployment";
import { errorText } from "../release/metrics";
import { readRecord } from "../release/record";
import { ringingAlarms } from "../release/ringing";
import { readServing } from "../release/serving";
import { readSnapshot } from "../data/snapshot";
import { type Outputs, requireOutputs } from "../outputs";
import { openTarget, type Target } from "../target";
import { answerColumns } from "../terminal";

/** `slipway status` @param withLatency how long the predictions of the last hour took, too: it takes reading their log. */
export async function status(name: string, withLatency: boolean, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const outputs = await requireOutputs(name, target, output);
  const clients = createClients(target, outputs.region);
  const [found, latency] = await Promise.all([
    readStatus(name, outputs, clients, target),
    withLatency ? readLatency(clients.logs, outputs.predictLogGroup) : undefined,
  ]);
  output.answer({ ...found, ...(latency ? { latency } : {}) }, describe(found, latency));
}

async function readStatus(stack: string, outputs: Outputs, clients: Clients, { laptop }: Target) {
  const { region, predictionUrl, problem } = outputs;
  const base = {
    ...{ stack, region, problem, predictionUrl, playgroundUrl: playgroundUrl(predictionUrl) },
    /** Names of those that ring; null when the user may not ask. */
    alarms: (await ringingAlarms(clients.cloudwatch, outputs.jobPrefix)) ?? null,
    links: linksOf(stack, outputs, laptop),
  };
  const deployment = await readDeployment(clients.s3, outputs.dataBucket);
  const serving = await readServing(clients.sagemaker, outputs.endpointName);
  if (!serving) return { ...base, release: null, deployment: summary(deployment) };
  const { current, next, ...endpoint } = serving;
  const id = current.release ?? "unknown";
  const record = await readRecord(clients.s3, outputs.dataBucket, id);
  const snapshot =
    record && (await readSnapshot(clients.s3, outputs.dataBucket, record.ingredients.snapshot));
  return {
    ...base,
    release: id,
    /** The release that is being deployed: while it is, it may answer as well. */
    next: next?.release ?? null,
    /** The release that sees a copy of each request, and answers nobody. */
    shadow: current.shadow ?? null,
    endpoint,
    model: { name: current.model, artifact: current.artifact },
    image: current.image,
    commit: record?.commit ?? null,
    data: snapshot ? { snapshot: snapshot.hash, objects: snapshot.objects } : null,
    metrics: record?.metrics ?? {},
    modelPackage: record?.modelPackageArn ?? null,
    deployment: summary(deployment),
  };
}

/** A deployment that is under way or was interrupted. */
const summary = (deployment: Deployment | undefined) =>
  deployment
    ? {
        release: deployment.release.id,
        previous: deployment.previous?.id ?? null,
        startedAt: deployment.startedAt,
        by: deployment.by,
        failure: deployment.failure ?? null,
      }
    : null;

type Status = Awaited<ReturnType<typeof readStatus>>;

function describe(status: Status, latency: Latency | undefined): string {
  const lines: [string, string | undefined][] = [
    ["stack", `${status.stack} in ${status.region}`],
    ["problem", status.problem],
    ["URL", status.predictionUrl],
    ["playground", status.playgroundUrl],
  ];
  if (!("endpoint" in status)) {
    lines.push([
      "release",
      `none yet: the URL answers 503. Make one with 'npx slipway release ${status.stack}'`,
    ]);
  } else {
    lines.push(
      ["release", status.release],
      ...lineIf("next", status.next && `${status.next}, which takes over and may answer already`),
      ...lineIf("shadow", status.shadow && `${status.shadow}, which sees a copy of each request`),
      ["commit", status.commit ?? "not in a git repository"],
      ["endpoint", `${status.endpoint.name}, ${status.endpoint.status}, since ${status.endpoint.since}`],
      ["model", `${status.model.name}, ${status.model.artifact}`],
      ["image", status.image],
      [
        "data",
        status.data
          ? `${status.data.snapshot.slice(0, 12)}, ${counted(status.data.objects.length, "object")}`
          : "unknown",
      ],
      ["error", `${errorText(status.metrics, status.problem)} on the test rows`],
      ...lineIf("deploying", status.deployment && deploymentText(status.stack, status.deployment)),
    );
  }
  if (latency) lines.push(["latency", latencyText(latency)]);
  lines.push(["alarms", alarmsText(status.alarms)]);
  const links = Object.entries(status.links).map(([name, link]) => `  ${name.padEnd(10)} ${link}`);
  const columns = answerColumns();
  const chart = latency && columns && latencyChart(latency, columns);
  return [...lines.map(describeLine), "to see more:", ...links, ...(chart ? ["", chart] : [])].join("\n");
}

/** A line that is only there with something to say. */
const lineIf = (name: string, text: string | null): [string, string][] => (text ? [[name, text]] : []);

const describeLine = ([name, value]: [string, string | undefined]) =>
  `${name.padEnd(10)} ${value ?? "unknown"}`;

function alarmsText(ringing: string[] | null): string {
  if (ringing === null) return "unknown: you may not ask (cloudwatch:DescribeAlarms)";
  return ringing.length === 0 ? "none rings" : `${ringing.join(", ")} (docs/monitoring.md says what to do)`;
}

const deploymentText = (
  stack: string,
  { release, by, startedAt, failure }: NonNullable<Status["deployment"]>,
) =>
  `${release}, begun by ${by} at ${startedAt}${failure ? `, failed and being taken back: ${failure}` : ""}; if nothing works ` +
  `on it any more, run 'npx slipway release ${stack}' (goes on) or 'npx slipway rollback ${stack}' (takes it back)`;
