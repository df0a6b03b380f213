import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";
import { grant, trustPolicy } from "../shared/policy";
import { requireProperty } from "../shared/validation";

export interface ScheduleArgs {
  context: Context;
  function: aws.lambda.Function;
  /** Of the schedule, after project and stack. */
  name: string;
  description: string;
  /** `rate(1 hour)`, or cron(...) in UTC. */
  expression: string;
}

/** @throws InputPropertyError that names the property, unless it says when. */
export const checkSchedule = (property: string, expression: string): void =>
  requireProperty(
    /^(rate\([1-9]\d* (minute|hour|day)s?\)|cron\(\S+( \S+){5}\))$/.test(expression),
    property,
    expression,
    "write rate(1 hour), rate(15 minutes), or cron(minutes hours day-of-month month day-of-week year) in UTC",
  );

/** Runs a Lambda again and again, with `{"action": "run"}`. @param label what the children's names begin with. */
export function runOnSchedule(label: string, args: ScheduleArgs, parent: pulumi.Resource): void {
  const { context, name, description, expression } = args;
  checkSchedule("schedule", expression);
  const role = new aws.iam.Role(
    `${label}-schedule-role`,
    { assumeRolePolicy: trustPolicy("scheduler.amazonaws.com", context.accountId), tags: context.tags },
    { parent },
  );
  const statement = { Action: "lambda:InvokeFunction", Resource: args.function.arn };
  const invoke = grant(label, { role, label: "schedule" }, "invoke", [statement], parent);
  new aws.scheduler.Schedule(
    `${label}-schedule`,
    {
      name: `${context.project}-${context.stack}-${name}`,
      description,
      scheduleExpression: expression,
      flexibleTimeWindow: { mode: "OFF" },
      target: {
        arn: args.function.arn,
        roleArn: role.arn,
        input: JSON.stringify({ action: "run" }),
        // the next run does what this one could not
        retryPolicy: { maximumRetryAttempts: 2, maximumEventAgeInSeconds: 3600 },
      },
    },
    { parent, dependsOn: invoke },
  );
}
