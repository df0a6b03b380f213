/** What all settings of a bucket, each a resource of its own, have in common. */
export const bucketRule = { required: true, replaces: true } as const;

/** A setting of a bucket has the bucket's name as its id. */
export const settingOfBucket = { fromImportId: (id: string) => ({ bucket: id.split(",")[0] }) };
