/**
 * Property values as the engine's protocol carries them (pulumi/pulumi: sdk/go/common/resource/plugin/rpc.go):
 * JSON, in which unknown values, secrets, assets and archives are marked by signatures.
 */
export type Properties = Record<string, unknown>;

/** What the engine sends, and gets, for any value that is not known before the update runs. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const assetSignature = "c44067f5952c0a294b673a41bacd8c17";
const archiveSignature = "0def7320c3a5731c473e5ecbe6d01bc7";

/** An asset (one file) or archive (many), by the one of the fields that is set. */
export interface Asset {
  kind: "asset" | "archive";
  hash?: string;
  text?: string;
  path?: string;
  uri?: string;
  assets?: Record<string, unknown>;
}

export function isObject(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value, marked so that the engine encrypts it in the state and hides it in output. */
export const secret = (value: unknown) => ({ [signatureKey]: secretSignature, value });

/** The asset or archive that `value` stands for, or undefined when it is something else. */
export function asAsset(value: unknown): Asset | undefined {
  if (!isObject(value)) return undefined;
  const signature = value[signatureKey];
  if (signature !== assetSignature && signature !== archiveSignature) return undefined;
  const { hash, text, path, uri, assets } = value as unknown as Asset;
  return { kind: signature === assetSignature ? "asset" : "archive", hash, text, path, uri, assets };
}

export function containsUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (Array.isArray(value)) return value.some(containsUnknown);
  return isObject(value) && Object.values(value).some(containsUnknown);
}

/** The same without properties that are null or undefined, at any depth: to a provider they are not there. */
export function withoutNulls<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item)) as T;
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item)])) as T;
}
