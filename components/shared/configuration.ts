import * as pulumi from "@pulumi/pulumi";
import { requireProperty } from "./validation";

const fix = (what: string) => `write ${what} into Pulumi.${pulumi.getStack()}.yaml`;

/** A setting that is one of `choices`. @throws InputPropertyError with key, value and fix. */
export function requireOneOf<const Choice extends string>(
  config: pulumi.Config,
  key: string,
  choices: Choice[],
): Choice {
  const value = config.require(key);
  const found = choices.find((choice) => choice === value);
  requireProperty(found !== undefined, key, value, fix(choices.map((choice) => `'${choice}'`).join(" or ")));
  return found as Choice;
}

/** A number within limits. @param unit what it counts, for people. @throws InputPropertyError with key, value and fix. */
export function requireNumber(
  config: pulumi.Config,
  key: string,
  least: number,
  most: number,
  unit: string,
): number {
  const text = config.require(key);
  const value = text.trim() === "" ? NaN : Number(text);
  const range = most === Number.MAX_VALUE ? `of at least ${least}` : `from ${least} to ${most}`;
  requireProperty(value >= least && value <= most, key, text, fix(`a number ${range} (${unit})`));
  return value;
}

/** A number from 0 up, or undefined for `none`. */
export const optionalNumber = (config: pulumi.Config, key: string, unit: string): number | undefined =>
  config.require(key) === "none" ? undefined : requireNumber(config, key, 0, Number.MAX_VALUE, unit);
