import { CreateTagsCommand, DeleteTagsCommand, EC2Client, type ResourceType } from "@aws-sdk/client-ec2";
import { type Call } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";

/** Tags of something that is being made. */
export function specification(ResourceType: ResourceType, tags: Record<string, string> | undefined) {
  const Tags = toTagList(tags);
  return Tags.length > 0 ? [{ ResourceType, Tags }] : undefined;
}

export const tagsOf = (found: { Tags?: { Key?: string; Value?: string }[] }) => ({
  tagsAll: fromTagList(found.Tags),
});

interface Tagged {
  id: string;
  tagsAll?: Record<string, string>;
}

/** All that there is to update of what has nothing but tags to change. */
export async function updateTags(now: Tagged, call: Call, was: Tagged): Promise<void> {
  if (!call.changed("tagsAll")) return;
  const client = call.client(EC2Client);
  const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
  const Resources = [now.id];
  if (remove.length > 0)
    await client.send(new DeleteTagsCommand({ Resources, Tags: remove.map((Key) => ({ Key })) }));
  if (Object.keys(set).length > 0)
    await client.send(new CreateTagsCommand({ Resources, Tags: toTagList(set) }));
}

/** ARN of an EC2 resource, which EC2 itself does not always say. */
export const ec2Arn = async (call: Call, kind: string, id: string) =>
  `arn:aws:ec2:${call.region}:${await call.accountId()}:${kind}/${id}`;
