/** What a stack may have at most, and how careful it has to be. */
export interface Limits {
  /** Families of instances of SageMaker: `m5` of `ml.m5.large`. */
  families: string[];
  /** Sizes, and of database instances as well: `large` of `ml.m5.large`. */
  sizes: string[];
  /** Of an endpoint, also when it has scaled out; and hosts of a training job. */
  maxInstances: number;
  /** Requests that a serverless endpoint answers at the same time. */
  maxConcurrency: number;
  minLogRetentionDays: number;
  /** Whether people depend on it: its data are not deleted, and a release is watched, approved and rolled back. */
  guarded: boolean;
}

const families = ["t2", "t3", "m5", "m6i", "m7i", "c5", "c6i", "c7i"];

/** Of stacks to try things on: dev, pull requests, a laptop. */
const small: Limits = {
  families,
  sizes: ["micro", "small", "medium", "large", "xlarge"],
  maxInstances: 4,
  maxConcurrency: 20,
  minLogRetentionDays: 7,
  guarded: false,
};

const main: Limits = {
  families: [...families, "r5", "r6i", "g4dn", "g5"],
  sizes: [...small.sizes, "2xlarge", "4xlarge"],
  maxInstances: 20,
  maxConcurrency: 200,
  minLogRetentionDays: 90,
  guarded: true,
};

/** The limits of a stack. Change them here: a pull request then shows who wanted more. */
export const limitsOf = (stack: string): Limits => (stack === "main" ? main : small);
