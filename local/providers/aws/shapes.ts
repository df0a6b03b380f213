import { isObject, type Properties } from "../shared/values";

/** SageMaker properties whose API name is more than their own with a capital. A list marked * is a single value there. */
const apiNames: Record<string, string> = {
  volumeSizeInGb: "VolumeSizeInGB",
  memorySizeInMb: "MemorySizeInMB",
  s3DataSources: "S3DataSource*",
  routingConfigs: "RoutingConfig*",
};
const ownNames = Object.fromEntries(
  Object.entries(apiNames).map(([own, api]) => [api.replace("*", ""), own]),
);

/** Below this the keys are the user's own. */
const userMap = "environment";

/** A nested SageMaker argument in the API's spelling. */
export function toApi(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toApi);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    const name = apiNames[key] ?? key.charAt(0).toUpperCase() + key.slice(1);
    if (key === userMap) return [name, item];
    return name.endsWith("*") ? [name.slice(0, -1), toApi((item as unknown[])[0])] : [name, toApi(item)];
  });
  return Object.fromEntries(entries) as Properties;
}

/** What the API answered, in the provider's spelling. */
export function fromApi(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromApi);
  if (!isObject(value)) return value;
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined && item !== null)
    .map(([key, item]) => {
      const name = ownNames[key] ?? key.charAt(0).toLowerCase() + key.slice(1);
      if (name === userMap) return [name, item];
      return apiNames[name]?.endsWith("*") ? [name, [fromApi(item)]] : [name, fromApi(item)];
    });
  return Object.fromEntries(entries) as Properties;
}
