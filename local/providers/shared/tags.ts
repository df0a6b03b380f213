interface Tag {
  Key?: string;
  Value?: string;
}

/** `[{ Key, Value }]`, as most services want it. */
export const toTagList = (tags: Record<string, string> = {}) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export const fromTagList = (list: Tag[] = []): Record<string, string> =>
  Object.fromEntries(list.map(({ Key = "", Value = "" }) => [Key, Value]));

/** What has to be written and what removed to get from one set of tags to another. */
export function tagChanges(was: Record<string, string> = {}, now: Record<string, string> = {}) {
  return { set: now, remove: Object.keys(was).filter((key) => !(key in now)) };
}
