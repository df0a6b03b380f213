import { type PolicyResource, type StackValidation } from "@pulumi/policy";
import { type Resource } from "@pulumi/pulumi";
import { reporter } from "./rule";

type Class = new (...rest: never[]) => Resource;
const isOf = (resource: PolicyResource, type: Class) => resource.isType(type as never);

/** Whether a setting of buckets is about this bucket. In a preview the bucket's name may be unknown. */
const isAbout = (setting: PolicyResource, bucket: PolicyResource) =>
  setting.propertyDependencies.bucket?.some(({ urn }) => urn === bucket.urn) ||
  setting.props.bucket === bucket.props.bucket;

/** Every bucket must have a setting of this class. */
export function companionOf(bucketClass: Class, settingClass: Class): StackValidation {
  const kind = settingClass.name;
  return ({ resources }, violation) => {
    const settings = resources.filter((resource) => isOf(resource, settingClass));
    for (const bucket of resources.filter((resource) => isOf(resource, bucketClass))) {
      if (settings.some((setting) => isAbout(setting, bucket))) continue;
      reporter(bucket.name, violation, bucket.urn)(kind, undefined, `declare an aws.s3.${kind} for it`);
    }
  };
}
