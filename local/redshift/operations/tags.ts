import type { TagResourceRequest, UntagResourceRequest } from "@aws-sdk/client-redshift-serverless";
import { notFound, operation, type Platform } from "../platform";
import type { Tags } from "../records";

const byArn = { resource: ({ resourceArn = "" }: { resourceArn?: string }) => resourceArn };

/** The tags of a namespace or workgroup, and how to replace them. @throws AwsError when there is neither. */
function tagged({ stores }: Platform, arn = ""): { tags: Tags; put: (tags: Tags) => void } {
  const namespace = stores.namespaces.values().find(({ namespaceArn }) => namespaceArn === arn);
  if (namespace) {
    const put = (tags: Tags) => void stores.namespaces.update(namespace.namespaceName, { tags });
    return { tags: namespace.tags, put };
  }
  const workgroup = stores.workgroups.values().find(({ workgroupArn }) => workgroupArn === arn);
  if (!workgroup) throw notFound(`The resource ${arn} wasn't found.`);
  const put = (tags: Tags) => void stores.workgroups.update(workgroup.workgroupName, { tags });
  return { tags: workgroup.tags, put };
}

const tag = operation<TagResourceRequest>({
  ...byArn,
  run({ resourceArn, tags = [] }, platform) {
    const { tags: old, put } = tagged(platform, resourceArn);
    const merged = new Map([...old, ...(tags as Tags)].map((one) => [one.key, one]));
    put([...merged.values()]);
    return {};
  },
});

const untag = operation<UntagResourceRequest>({
  ...byArn,
  run({ resourceArn, tagKeys = [] }, platform) {
    const { tags: old, put } = tagged(platform, resourceArn);
    put(old.filter(({ key }) => !tagKeys.includes(key)));
    return {};
  },
});

const list = operation<{ resourceArn?: string }>({
  ...byArn,
  run: ({ resourceArn }, platform) => ({ tags: tagged(platform, resourceArn).tags }),
});

export const tagOperations = { TagResource: tag, UntagResource: untag, ListTagsForResource: list };
