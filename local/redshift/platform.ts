import type { Cloud } from "../sagemaker/aws/cloud";
import { AwsError } from "../sagemaker/protocol/errors";
import type { ServiceModel } from "../sagemaker/protocol/service-model";
import type { Warehouse } from "./engine/warehouse";
import type { NamespaceRecord, Stores, WorkgroupRecord } from "./records";
import type { Secrets } from "./secrets";
import type { Settings } from "./settings";
import type { Statements } from "./statements";

/** Everything that an operation may need. */
export interface Platform {
  settings: Settings;
  stores: Stores;
  cloud: Cloud;
  secrets: Secrets;
  warehouse: Warehouse;
  statements: Statements;
  models: { data: ServiceModel; serverless: ServiceModel };
}

/** One permission that a request needs. */
export interface Need {
  action: string;
  resource: string;
}

/** One operation of an API. */
export interface Operation {
  /** ARN that the permission is asked for; `*` for lists. @throws AwsError when what is named is not there. */
  resource(input: object, platform: Platform): string;
  /** What else the caller must be allowed. */
  needs?(input: object, platform: Platform): Need[];
  run(input: object, platform: Platform): object | Promise<object>;
}

interface Definition<Input> {
  resource: (input: Input, platform: Platform) => string;
  needs?: (input: Input, platform: Platform) => Need[];
  run: (input: Input, platform: Platform) => object | Promise<object>;
}

/** An operation whose input has been checked against the service model, and so has this type. */
export const operation = <Input extends object>(definition: Definition<Input>) => definition as Operation;

export const anyResource = () => "*";

export const validationException = (message: string) => new AwsError("ValidationException", message);
export const conflict = (message: string) => new AwsError("ConflictException", message);
export const notFound = (message: string) => new AwsError("ResourceNotFoundException", message);

export function arnOf({ region, accountId }: Settings, kind: string, id: string): string {
  return `arn:aws:redshift-serverless:${region}:${accountId}:${kind}/${id}`;
}

/** @throws AwsError when there is no such namespace. */
export function namespaceOf({ stores }: Platform, name = ""): Readonly<NamespaceRecord> {
  const found = stores.namespaces.get(name);
  if (!found) throw notFound(`The namespace ${name} wasn't found.`);
  return found;
}

/** By name. @throws AwsError when there is no such workgroup. */
export function workgroupOf({ stores }: Platform, name = ""): Readonly<WorkgroupRecord> {
  const found = stores.workgroups.get(name);
  if (!found) throw notFound(`The workgroup ${name} wasn't found.`);
  return found;
}
