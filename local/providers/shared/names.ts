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

const hexDigits = 7;

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
  const prefix = rule.prefix && !stem.startsWith(rule.prefix) ? rule.prefix : "";
  const suffix = rule.suffix && inputs[rule.suffix.when] ? rule.suffix.text : "";
  const room = rule.maxLength - prefix.length - suffix.length - hexDigits;
  const digits = createHash("sha256").update(seed).digest("hex").slice(0, hexDigits);
  const name = `${prefix}${stem.slice(0, room)}${digits}${suffix}`;
  return rule.lowercase ? name.toLowerCase() : name;
}
