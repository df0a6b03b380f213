import { errorLine } from "../errors";

/** A stack of a pull request, and when it ends. */
export interface ShortLived {
  stack: string;
  /** ISO 8601; undefined for one that was not made by `slipway ephemeral up`. */
  expiresAt?: string;
}

/** What a sweep has done with a stack. */
export interface Swept extends ShortLived {
  outcome: "destroyed" | "kept" | "failed";
  /** Why it was kept or could not be destroyed. */
  reason?: string;
}

/** Destroys the stacks that have expired, one after the other. One that cannot be destroyed does not keep the others. */
export async function sweepStacks(
  stacks: ShortLived[],
  now: Date,
  destroy: (stack: string) => Promise<unknown>,
): Promise<Swept[]> {
  const swept: Swept[] = [];
  for (const each of stacks) {
    const { stack, expiresAt } = each;
    if (!expiresAt) {
      const reason = `it has no time to live; 'npx slipway ephemeral down ${stack.slice("pr-".length)}' destroys it`;
      swept.push({ ...each, outcome: "kept", reason });
    } else if (new Date(expiresAt) > now) {
      swept.push({ ...each, outcome: "kept", reason: "its time has not come" });
    } else {
      try {
        await destroy(stack);
        swept.push({ ...each, outcome: "destroyed" });
      } catch (error) {
        swept.push({ ...each, outcome: "failed", reason: errorLine(error) });
      }
    }
  }
  return swept;
}
