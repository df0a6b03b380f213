import type { AddTagsInput, DeleteTagsInput, ListTagsInput, Tag } from "@aws-sdk/client-sagemaker";
import type { Platform } from "../platform";
import { validationException } from "../protocol/errors";
import type { Resource } from "../records";
import type { Store } from "../store";
import { operation } from "./operation";

const maxTags = 50;

const byArn = { resource: ({ ResourceArn = "" }: { ResourceArn?: string }) => ResourceArn.toLowerCase() };

/** @throws AwsError when no resource of this server has the ARN. */
function find(
  { stores }: Platform,
  arn = "",
): { store: Store<Resource>; key: string; resource: Readonly<Resource> } {
  for (const store of stores.all()) {
    const entry = store.entries().find(([, resource]) => resource.arn === arn.toLowerCase());
    if (entry) return { store, key: entry[0], resource: entry[1] };
  }
  throw validationException(`Could not find resource "${arn}".`);
}

const add = operation<AddTagsInput>({
  ...byArn,
  run({ ResourceArn, Tags = [] }, platform) {
    const { store, key, resource } = find(platform, ResourceArn);
    const merged = new Map([...resource.tags, ...Tags].map((tag): [string, Tag] => [tag.Key ?? "", tag]));
    if (merged.size > maxTags) throw validationException(`A resource can have at most ${maxTags} tags.`);
    const { tags } = store.update(key, { tags: [...merged.values()] });
    return { Tags: tags };
  },
});

const list = operation<ListTagsInput>({
  ...byArn,
  run: ({ ResourceArn }, platform) => ({ Tags: find(platform, ResourceArn).resource.tags }),
});

const remove = operation<DeleteTagsInput>({
  ...byArn,
  run({ ResourceArn, TagKeys = [] }, platform) {
    const { store, key, resource } = find(platform, ResourceArn);
    store.update(key, { tags: resource.tags.filter(({ Key }) => !TagKeys.includes(Key ?? "")) });
    return {};
  },
});

export const tagOperations = { AddTags: add, ListTags: list, DeleteTags: remove };
