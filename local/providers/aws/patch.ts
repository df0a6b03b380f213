import {
  APIGatewayClient,
  GetTagsCommand,
  type PatchOperation,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-api-gateway";
import { isDeepStrictEqual } from "node:util";
import { type Call, type State } from "../shared/resource";
import { tagChanges } from "../shared/tags";

const textOf = (value: unknown) => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

/** API Gateway is changed by JSON patches whose values are texts. */
export const replace = (path: string, value: unknown): PatchOperation => ({
  op: "replace",
  path,
  value: textOf(value),
});

/** One `replace` for each property that changed; `paths` says where each one is. */
export function replaceChanged(now: object, paths: Record<string, string>, call: Call): PatchOperation[] {
  const values = now as Record<string, unknown>;
  return Object.entries(paths)
    .filter(([property]) => call.changed(property))
    .map(([property, path]) => replace(path, values[property]));
}

/** `/` and `~` inside one step of a path (RFC 6901). */
export const escapePath = (step: string) => step.replaceAll("~", "~0").replaceAll("/", "~1");

/** What turns one map into another, below `path`. */
export function patchMap(
  path: string,
  was: Record<string, unknown> = {},
  now: Record<string, unknown> = {},
): PatchOperation[] {
  const removed = Object.keys(was).filter((key) => !(key in now));
  const changed = Object.entries(now).filter(([key, value]) => !isDeepStrictEqual(was[key], value));
  return [
    ...removed.map((key): PatchOperation => ({ op: "remove", path: `${path}/${escapePath(key)}` })),
    ...changed.map(([key, value]): PatchOperation => ({
      op: key in was ? "replace" : "add",
      path: `${path}/${escapePath(key)}`,
      value: textOf(value),
    })),
  ];
}

/** The tags of an API, stage, key or plan. */
export async function readTags(resourceArn: string, call: Call): Promise<Record<string, string>> {
  return (await call.client(APIGatewayClient).send(new GetTagsCommand({ resourceArn }))).tags ?? {};
}

/** Tags a new resource. AWS takes them with the creation too; MiniStack would then not find them as tags. */
export async function addTags(resourceArn: string, tags: Record<string, string>, call: Call): Promise<void> {
  if (Object.keys(tags).length > 0)
    await call.client(APIGatewayClient).send(new TagResourceCommand({ resourceArn, tags }));
}

export async function putTags(now: State<object>, was: State<object>, call: Call): Promise<void> {
  if (!call.changed("tagsAll")) return;
  const client = call.client(APIGatewayClient);
  const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
  if (remove.length > 0)
    await client.send(new UntagResourceCommand({ resourceArn: now.arn, tagKeys: remove }));
  await client.send(new TagResourceCommand({ resourceArn: now.arn, tags: set }));
}
