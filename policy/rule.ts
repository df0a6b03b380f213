import {
  type PolicyResource,
  type ReportViolation,
  type ResourceValidation,
  type StackValidationArgs,
  validateResourceOfType,
} from "@pulumi/policy";
import { type Resource, type Unwrap } from "@pulumi/pulumi";

/** Says what is wrong: the property, its value, and what to do. */
export type Report = (property: string, value: unknown, fix: string) => void;

/** A class of resources of an SDK, with the arguments of its constructor. */
export type ResourceClass<Args> = new (name: string, args: Args, ...rest: never[]) => Resource;

/** Validates resources of one type. Properties are as the program gives them, completed by the provider. */
export function check<Args>(
  resourceClass: ResourceClass<Args>,
  validate: (properties: Unwrap<NonNullable<Args>>, report: Report, stack: string) => void,
): ResourceValidation {
  return validateResourceOfType(resourceClass as never, (properties, { name, urn }, violation) =>
    validate(properties as Unwrap<NonNullable<Args>>, reporter(name, violation), stackOf(urn)),
  );
}

/** Says it in one sentence, as Slipway's settings do: `results-queue: kmsMasterKeyId is not set: set ...`. */
export function reporter(name: string, violation: ReportViolation, urn?: string): Report {
  return (property, value, fix) => {
    const shown = value === undefined ? "not set" : JSON.stringify(value);
    violation(`${name}: ${property} is ${shown}: ${fix}.`, urn);
  };
}

/** `dev` of `urn:pulumi:dev::slipway::aws:s3/bucket:Bucket::data-bucket`. */
export const stackOf = (urn: string) => urn.split("::")[0]!.split(":").at(-1)!;

/** The outputs of the stack, with its URN: in a preview some are unknown. */
export function outputsOf({ resources }: StackValidationArgs): PolicyResource | undefined {
  return resources.find(({ type }) => type === "pulumi:pulumi:Stack");
}
