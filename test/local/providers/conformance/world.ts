/** Which of its two forms a resource of the conformance program has. */
export interface World {
  /** What an update in place may change has changed. */
  changed: boolean;
  /** What makes another resource has changed. */
  replaced: boolean;
}

/** The two values of a property. */
export interface Values {
  /** The second when what an update may change has changed. */
  change: <T>(first: T, second: T) => T;
  /** The second when another resource is wanted. */
  replace: <T>(first: T, second: T) => T;
}

export const valuesIn = ({ changed, replaced }: World): Values => ({
  change: (first, second) => (changed ? second : first),
  replace: (first, second) => (replaced ? second : first),
});

/** A policy document with one statement. */
export const policyOf = (statement: object): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });

/** A trust policy for AWS services. */
export const trustOf = (...services: string[]): string =>
  policyOf({
    Principal: { Service: services.map((name) => `${name}.amazonaws.com`) },
    Action: "sts:AssumeRole",
  });
