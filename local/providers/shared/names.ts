import { createHash } from "node:crypto";

/** How a property gets its value when the program gives none: logical name, "-", 7 hex digits. */
export interface AutoName {
  /** Longest name that AWS takes, in characters. */
  maxLength: number;
  /** Put in front of a name that has not got it (`alias/`). */
  prefix?: string;
  /** Put at the end when `when` of the resource's inputs holds (`.fifo`). */
  suffix?: { text: string; when: string };
  lowercase?: boolean;
}

/** What the project says of automatic names (`pulumi:autonaming`): the name that the engine made for this resource. */
export interface Autonaming {
  proposedName: string;
  /** `propose`: the name is made to fit the type's rule; `enforce`: it is taken as it is; `disable`: there is none. */
  mode: "propose" | "enforce" | "disable";
}

const hexDigits = 7;

/** The engine's name in the form that the type takes, as the real provider makes it (`ComputeAutoNameDefault`). */
export function proposedName(
  rule: AutoName,
  { mode, proposedName: proposed }: Autonaming,
  inputs: Record<string, unknown> = {},
): { name: string } | { problem: string } {
  if (mode === "enforce") return { name: proposed };
  if (mode === "disable")
    return {
      problem: "pulumi:autonaming is disabled for this type: give the resource a name in the program",
    };
  const { prefix, suffix } = affixes(rule, proposed, inputs);
  const name = `${prefix}${rule.lowercase ? proposed.toLowerCase() : proposed}${suffix}`;
  if (name.length <= rule.maxLength) return { name };
  return {
    problem:
      `the automatic name '${name}' has ${name.length} characters, and AWS takes ${rule.maxLength}: shorten the ` +
      "resource's name in the program, or the pattern of pulumi:autonaming in Pulumi.yaml",
  };
}

/**
 * The name of the real provider's kind (pulumi-terraform-bridge, `AutoName`): the same for the same seed, which the
 * engine keeps from preview to update.
 * @param start logical name of the resource, or the value of its `namePrefix`.
 */
export function autoName(
  rule: AutoName,
  start: { logicalName: string } | { namePrefix: string },
  seed: Uint8Array,
  inputs: Record<string, unknown> = {},
): string {
  const stem = "namePrefix" in start ? start.namePrefix : `${start.logicalName}-`;
  const { prefix, suffix } = affixes(rule, stem, inputs);
  const room = rule.maxLength - prefix.length - suffix.length - hexDigits;
  const digits = createHash("sha256").update(seed).digest("hex").slice(0, hexDigits);
  const name = `${prefix}${stem.slice(0, room)}${digits}${suffix}`;
  return rule.lowercase ? name.toLowerCase() : name;
}

/** What the type wants around a name. */
function affixes(rule: AutoName, name: string, inputs: Record<string, unknown>) {
  return {
    prefix: rule.prefix && !name.startsWith(rule.prefix) ? rule.prefix : "",
    suffix: rule.suffix && inputs[rule.suffix.when] ? rule.suffix.text : "",
  };
}
