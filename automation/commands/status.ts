import {
  DescribeEndpointCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  type SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { type Output } from "../output";
import { type Clients, createClients } from "../release/clients";
import { currentRelease } from "../release/deploy";
import { readRecord } from "../release/record";
import { readSnapshot } from "../release/snapshot";
import { type Outputs, requireStack } from "../stack";
import { openTarget } from "../target";

/** `slipway status` */
export async function status(name: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const { outputs } = await requireStack(name, target, output);
  const found = await readStatus(name, outputs, createClients(target, outputs.region));
  output.answer(found, describe(found));
}

/** What SageMaker itself says of the endpoint; nothing here is taken from Pulumi's memory. */
async function readEndpoint(client: SageMakerClient, EndpointName: string) {
  const endpoint = await client.send(new DescribeEndpointCommand({ EndpointName }));
  const configuration = await client.send(
    new DescribeEndpointConfigCommand({ EndpointConfigName: endpoint.EndpointConfigName }),
  );
  const ModelName = configuration.ProductionVariants?.[0]?.ModelName;
  const model = await client.send(new DescribeModelCommand({ ModelName }));
  return {
    endpoint: {
      name: EndpointName,
      status: endpoint.EndpointStatus,
      configuration: endpoint.EndpointConfigName,
      since: endpoint.LastModifiedTime?.toISOString(),
    },
    model: { name: ModelName, artifact: model.PrimaryContainer?.ModelDataUrl },
    image: model.PrimaryContainer?.Image,
    release: model.PrimaryContainer?.Environment?.RELEASE_ID,
  };
}

async function readStatus(stack: string, outputs: Outputs, clients: Clients) {
  const base = { stack, region: outputs.region, predictionUrl: outputs.predictionUrl };
  const wanted = await currentRelease(clients.ssm, outputs);
  if (!wanted) return { ...base, release: null };
  const served = await readEndpoint(clients.sagemaker, outputs.endpointName);
  const id = served.release ?? wanted.id;
  const record = await readRecord(clients.s3, outputs.dataBucket, id);
  const snapshot =
    record && (await readSnapshot(clients.s3, outputs.dataBucket, record.ingredients.snapshot));
  return {
    ...base,
    ...served,
    release: id,
    commit: record?.commit ?? null,
    data: snapshot ? { snapshot: snapshot.hash, objects: snapshot.objects } : null,
    metrics: record?.metrics ?? {},
    modelPackage: record?.modelPackageArn ?? null,
  };
}

type Status = Awaited<ReturnType<typeof readStatus>>;

function describe(status: Status): string {
  const lines: [string, string | undefined][] = [
    ["stack", `${status.stack} in ${status.region}`],
    ["URL", status.predictionUrl],
  ];
  if (!("endpoint" in status)) {
    lines.push([
      "release",
      `none yet: the URL answers 503. Make one with 'npx slipway release ${status.stack}'`,
    ]);
  } else {
    const error = status.metrics["test:mae"];
    lines.push(
      ["release", status.release],
      ["commit", status.commit ?? "not in a git repository"],
      ["endpoint", `${status.endpoint.name}, ${status.endpoint.status}, since ${status.endpoint.since}`],
      ["model", `${status.model.name}, ${status.model.artifact}`],
      ["image", status.image],
      [
        "data",
        status.data
          ? `${status.data.snapshot.slice(0, 12)}, ${status.data.objects.length} objects`
          : "unknown",
      ],
      ["error", error === undefined ? "unknown" : `${error.toFixed(2)} on the test rows`],
    );
  }
  return lines.map(([name, value]) => `${name.padEnd(9)} ${value ?? "unknown"}`).join("\n");
}
