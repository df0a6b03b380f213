import * as pulumi from "@pulumi/pulumi";

/** Throws an InputPropertyError that names the property, the bad value and the fix, unless `ok`. */
export function requireProperty(ok: boolean, property: string, value: unknown, fix: string): void {
  if (ok) return;
  throw new pulumi.InputPropertyError({
    propertyPath: property,
    reason: `${property} is ${JSON.stringify(value)}: ${fix}`,
  });
}

export const isWholeNumber = (value: number, least: number, most: number) =>
  Number.isInteger(value) && value >= least && value <= most;
