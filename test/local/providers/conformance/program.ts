import * as pulumi from "@pulumi/pulumi";
import { compute } from "./compute";
import { events } from "./events";
import { network } from "./network";
import { serving } from "./serving";
import { storage } from "./storage";
import { type World, valuesIn } from "./world";

/** A resource of another stack, as its state has it. */
export interface Existing {
  urn: string;
  type: string;
  id: string;
  outputs: Record<string, string>;
}

/** At least one resource of each type that Slipway declares. With `existing`, they are imported, not made. */
export function program(world: World, existing?: Existing[]): void {
  if (existing) importAll(existing);
  const values = valuesIn(world);
  const { bucket } = storage(values);
  const queue = events(values, bucket);
  compute(values, queue);
  network(values);
  serving(values);
}

function importAll(existing: Existing[]): void {
  pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
    const found = existing.find(({ urn }) => urn.endsWith(`::${type}::${name}`));
    if (!found || cannotBeImported.has(type)) return undefined;
    const imported = { import: importId(found), ignoreChanges: unreadable[type] ?? [] };
    return { props: props, opts: pulumi.mergeOptions(opts, imported) };
  });
}

/** Made anew in the importing stack: the real provider has no import of these either. */
export const cannotBeImported = new Set(["docker:index/image:Image"]);

/** What cannot be read of a resource, in AWS neither: a program that imports one does not compare it. */
const unreadable: Record<string, string[]> = {
  "aws:kms/key:Key": ["deletionWindowInDays"],
  "aws:s3/bucket:Bucket": ["forceDestroy"],
  "aws:s3/bucketObjectv2:BucketObjectv2": ["content"],
  "aws:ecr/repository:Repository": ["forceDelete"],
  "aws:secretsmanager/secret:Secret": ["recoveryWindowInDays"],
  "aws:lambda/function:Function": ["code"],
  "aws:rds/instance:Instance": ["skipFinalSnapshot"],
};

/** By which id `pulumi import` takes a resource, as the documentation of its type says. */
function importId({ type, id, outputs: it }: Existing): string {
  const restApi = it.restApi ?? it.restApiId;
  switch (type) {
    case "aws:apigateway/deployment:Deployment":
    case "aws:apigateway/requestValidator:RequestValidator":
    case "aws:apigateway/resource:Resource":
      return `${restApi}/${id}`;
    case "aws:apigateway/method:Method":
    case "aws:apigateway/integration:Integration":
      return `${restApi}/${it.resourceId}/${it.httpMethod}`;
    case "aws:apigateway/methodSettings:MethodSettings":
      return `${restApi}/${it.stageName}/${it.methodPath}`;
    case "aws:apigateway/model:Model":
      return `${restApi}/${it.name}`;
    case "aws:apigateway/response:Response":
      return `${restApi}/${it.responseType}`;
    case "aws:apigateway/stage:Stage":
      return `${restApi}/${it.stageName}`;
    case "aws:apigateway/usagePlanKey:UsagePlanKey":
      return `${it.usagePlanId}/${it.keyId}`;
    case "aws:appautoscaling/target:Target":
      return `${it.serviceNamespace}/${it.resourceId}/${it.scalableDimension}`;
    case "aws:appautoscaling/policy:Policy":
      return `${it.serviceNamespace}/${it.resourceId}/${it.scalableDimension}/${it.name}`;
    case "aws:cloudwatch/eventTarget:EventTarget":
      return `${it.rule}/${it.targetId}`;
    case "aws:cloudwatch/queryDefinition:QueryDefinition":
      return it.arn!;
    case "aws:cloudwatch/logStream:LogStream":
      return `${it.logGroupName}:${it.name}`;
    case "aws:ec2/routeTableAssociation:RouteTableAssociation":
      return `${it.subnetId}/${it.routeTableId}`;
    case "aws:kinesis/stream:Stream":
      return it.name!;
    case "aws:lambda/permission:Permission":
      return `${it.function}/${it.statementId}`;
    case "aws:s3/bucketObjectv2:BucketObjectv2":
      return `${it.bucket}/${it.key}`;
    default:
      return id;
  }
}
