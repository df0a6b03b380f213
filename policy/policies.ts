import { type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { bucketEncryption, encryption } from "./rules/encryption";
import { endpointKind } from "./rules/endpoint-kind";
import { guardrails, releaseGuardrails, twoInstances } from "./rules/guardrails";
import { noLongLivedKeys, noWildcards } from "./rules/iam";
import { instances, trainingInstances } from "./rules/instances";
import { logRetention } from "./rules/log-retention";
import { bucketPublicAccess, publicAccess } from "./rules/public-access";
import { tags } from "./rules/tags";

/** All policies. Those of resources are asked before a resource is changed, those of the stack at the end. */
export const policies: (ResourceValidationPolicy | StackValidationPolicy)[] = [
  ...[encryption, bucketEncryption, publicAccess, bucketPublicAccess, noWildcards, noLongLivedKeys],
  ...[logRetention, tags, instances, trainingInstances, endpointKind],
  ...[guardrails, releaseGuardrails, twoInstances],
];
