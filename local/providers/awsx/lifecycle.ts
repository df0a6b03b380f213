/** A rule as `awsx.ecr.Repository` takes it. */
export interface LifecycleRule {
  description?: string;
  tagStatus: string;
  tagPrefixList?: string[];
  maximumNumberOfImages?: number;
  maximumAgeLimit?: number;
}

/** What the component does when it is told nothing: of the images without a tag, only the newest is kept. */
const standardRules: LifecycleRule[] = [
  { description: "remove untagged images", tagStatus: "untagged", maximumNumberOfImages: 1 },
];

/** The policy in ECR's own form. @throws Error when a rule cannot be expressed in it. */
export function lifecycleDocument(rules: LifecycleRule[] = standardRules) {
  const forAny = rules.filter(({ tagStatus }) => tagStatus === "any");
  if (forAny.length > 1)
    throw new Error(`At most one rule with tagStatus "any" can be given, not ${forAny.length}.`);
  // ECR wants the rule for any image to come last.
  const ordered = [...rules.filter(({ tagStatus }) => tagStatus !== "any"), ...forAny];
  return {
    rules: ordered.map((rule, index) => ({
      rulePriority: index + 1,
      description: rule.description,
      selection: { ...tagOf(rule), ...countOf(rule) },
      action: { type: "expire" },
    })),
  };
}

function countOf({ maximumNumberOfImages, maximumAgeLimit }: LifecycleRule) {
  if (maximumNumberOfImages !== undefined)
    return { countType: "imageCountMoreThan", countNumber: maximumNumberOfImages };
  if (maximumAgeLimit !== undefined)
    return { countType: "sinceImagePushed", countNumber: maximumAgeLimit, countUnit: "days" };
  throw new Error("A lifecycle rule needs maximumNumberOfImages or maximumAgeLimit (days).");
}

function tagOf({ tagStatus, tagPrefixList }: LifecycleRule) {
  if (tagStatus === "any" || tagStatus === "untagged") return { tagStatus };
  if (!tagPrefixList?.length)
    throw new Error(
      `A lifecycle rule with tagStatus "${tagStatus}" needs a tagPrefixList that is not empty.`,
    );
  return { tagStatus: "tagged", tagPrefixList };
}
