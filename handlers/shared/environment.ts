/** What a setting must look like, and how to say so to a person. */
export interface Rule {
  pattern: RegExp;
  expected: string;
}

/** Settings that more than one Lambda has. */
export const rules = {
  stack: { pattern: /^[A-Za-z0-9][\w.-]*$/, expected: "the name of the stack, such as dev" },
  url: { pattern: /^https?:\/\/\S+$/, expected: "a URL that starts with https://" },
  optionalUrl: { pattern: /^(https?:\/\/\S+)?$/, expected: "empty, or a URL that starts with https://" },
  tableName: { pattern: /^[\w.-]{3,255}$/, expected: "the name of a DynamoDB table" },
  keyArn: { pattern: /^arn:[\w-]+:kms:[\w-]+:\d+:key\/[\w-]+$/, expected: "the ARN of a KMS key" },
  topicArn: { pattern: /^arn:[\w-]+:sns:[\w-]+:\d+:[\w-]+$/, expected: "the ARN of an SNS topic" },
  queueArn: { pattern: /^arn:[\w-]+:sqs:[\w-]+:\d+:[\w.-]+$/, expected: "the ARN of an SQS queue" },
  endpointName: { pattern: /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/, expected: "the name of a SageMaker endpoint" },
} satisfies Record<string, Rule>;

/**
 * The Lambda's settings, read from its environment variables.
 * @throws Error that names every variable that is missing or wrong, with its value.
 */
export function readEnvironment<Name extends string>(
  expected: Record<Name, Rule>,
  environment: Record<string, string | undefined> = process.env,
): Record<Name, string> {
  const names = Object.keys(expected) as Name[];
  const faults = names.flatMap((name) => {
    const value = environment[name];
    if (value !== undefined && expected[name].pattern.test(value)) return [];
    return `${name} is ${value === undefined ? "not set" : JSON.stringify(value)}, but must be ${expected[name].expected}`;
  });
  if (faults.length > 0) {
    throw new Error(
      `${faults.join("; ")}. The component that creates this Lambda sets its environment: correct it there.`,
    );
  }
  return Object.fromEntries(names.map((name) => [name, environment[name]])) as Record<Name, string>;
}
