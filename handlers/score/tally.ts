import { type Answer } from "./answers";

/** What many predictions say together. */
export type Summary = { lowest: number; highest: number; mean: number } | { classes: Record<string, number> };

/** Sums predictions up, one by one. */
export class Tally {
  count = 0;
  private sum = 0;
  private lowest = Infinity;
  private highest = -Infinity;
  private readonly classes = new Map<string, number>();

  add(answer: Answer): void {
    if (!("value" in answer)) return;
    this.count += 1;
    if (typeof answer.value === "string") {
      this.classes.set(answer.value, (this.classes.get(answer.value) ?? 0) + 1);
      return;
    }
    this.sum += answer.value;
    this.lowest = Math.min(this.lowest, answer.value);
    this.highest = Math.max(this.highest, answer.value);
  }

  /** Undefined when nothing was predicted. */
  get summary(): Summary | undefined {
    if (this.count === 0) return undefined;
    if (this.classes.size > 0) return { classes: Object.fromEntries(this.classes) };
    return { lowest: this.lowest, highest: this.highest, mean: this.sum / this.count };
  }
}
