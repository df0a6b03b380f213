import { createHash } from "node:crypto";

/** The kinds of events that subscribers may choose among. The components read this, too, so it needs nothing else. */
export const subscribableKinds = [
  "prediction.results",
  "release.deployed",
  "release.rejected",
  "release.pending",
  "release.rolledback",
  "data.rejected",
  "batch.completed",
  "batch.failed",
  "alarm",
] as const;
export type SubscribableKind = (typeof subscribableKinds)[number];

/** From the least to the most urgent. */
export const severities = ["info", "warning", "error"] as const;
export type Severity = (typeof severities)[number];

/** What a subscriber wants to hear of. */
export interface Wish {
  /** Default: all kinds, also those to come. */
  kinds?: readonly string[] | undefined;
  /** Default: info, which is everything. */
  minSeverity?: Severity | undefined;
}

/** Stands for an address in filter policies and links: who knows the address finds it, who reads it learns no address. */
export const addressHash = (address: string): string =>
  createHash("sha256").update(address.trim().toLowerCase()).digest("hex").slice(0, 32);

const directPrefix = "direct:";

/** What a notification for one address has in place of the kind. */
export const directKind = (hash: string): string => `${directPrefix}${hash}`;

/**
 * SNS's filter policy of a subscription (over message attributes). No subscription gets what is for one address alone,
 * but the one of that address: pass it for emails.
 */
export function filterPolicy({ kinds, minSeverity = "info" }: Wish, email?: string): object {
  const asked = kinds ?? [{ "anything-but": { prefix: directPrefix } }];
  const direct = email === undefined ? [] : [directKind(addressHash(email))];
  const urgent = severities.slice(severities.indexOf(minSeverity));
  return {
    kind: [...asked, ...direct],
    ...(urgent.length < severities.length ? { severity: urgent } : {}),
  };
}
