import { type Trial } from "./trial";

export type Status = "holds" | "fails" | "skipped" | "info";

/** What one rule found out about an image. */
export interface Finding {
  status: Status;
  /** What was seen; for a skipped rule, why it could not be checked. */
  detail: string;
}

export interface Rule {
  id: string;
  part: "image" | "train" | "serve";
  title: string;
  why: string;
  fix: string;
  /** @throws Skipped when it cannot be told whether the rule holds. */
  check(trial: Trial): Promise<Finding> | Finding;
}

/** A rule and what it found, as reports show it. */
export interface Result extends Omit<Rule, "check">, Finding {
  seconds: number;
}

/** That a rule could not be checked, and why. */
export class Skipped extends Error {}

export const holds = (detail: string): Finding => ({ status: "holds", detail });
export const fails = (detail: string): Finding => ({ status: "fails", detail });
export const info = (detail: string): Finding => ({ status: "info", detail });
