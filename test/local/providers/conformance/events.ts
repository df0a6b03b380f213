import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Values, policyOf, trustOf } from "./world";

/** Queues, topics, rules, schedules, streams, alarms, logs, a budget: what tells of something. */
export function events(values: Values, bucket: aws.s3.Bucket) {
  const { change, replace } = values;
  const queue = new aws.sqs.Queue("queue", {
    ...{ name: replace("queue-one", "queue-two"), visibilityTimeoutSeconds: change(30, 45) },
  });
  const mayWrite = (service: string, Action: string, Resource: pulumi.Input<string>) =>
    pulumi.output(Resource).apply((resource) =>
      policyOf({
        ...{ Sid: change("First", "Second"), Principal: { Service: `${service}.amazonaws.com` } },
        ...{ Action, Resource: resource },
      }),
    );
  new aws.sqs.QueuePolicy("queue", {
    ...{ queueUrl: queue.url, policy: mayWrite("events", "sqs:SendMessage", queue.arn) },
  });
  const topic = new aws.sns.Topic("topic", {
    ...{ name: replace("topic-one", "topic-two"), displayName: change("first", "second") },
  });
  new aws.sns.TopicPolicy("topic", {
    ...{ arn: topic.arn, policy: mayWrite("cloudwatch", "sns:Publish", topic.arn) },
  });
  new aws.sns.TopicSubscription("topic", {
    ...{ topic: topic.arn, protocol: "sqs", endpoint: queue.arn },
    filterPolicy: JSON.stringify({ kind: [change("first", "second")] }),
  });
  monitoring(values);
  const rule = new aws.cloudwatch.EventRule("rule", {
    ...{ name: replace("rule-one", "rule-two"), description: change("first", "second") },
    eventPattern: JSON.stringify({ source: ["aws.sagemaker"] }),
  });
  new aws.cloudwatch.EventTarget("rule", {
    ...{ rule: rule.name, targetId: "queue", arn: queue.arn, inputPath: change("$.detail", "$.time") },
  });
  const role = new aws.iam.Role("events", {
    name: "events",
    assumeRolePolicy: trustOf("scheduler", "firehose"),
  });
  new aws.scheduler.Schedule("schedule", {
    ...{ name: replace("schedule-one", "schedule-two"), groupName: "default" },
    ...{ scheduleExpression: "rate(1 day)", flexibleTimeWindow: { mode: "OFF" } },
    ...{ description: change("first", "second"), target: { arn: queue.arn, roleArn: role.arn } },
  });
  streams(values, bucket, role);
  logs(values);
  new aws.budgets.Budget("budget", {
    ...{ name: replace("budget-one", "budget-two"), budgetType: "COST", timeUnit: "MONTHLY" },
    ...{ limitAmount: change("50.0", "60.0"), limitUnit: "USD" },
  });
  return queue;
}

function monitoring({ change, replace }: Values) {
  const alarm = new aws.cloudwatch.MetricAlarm("alarm", {
    ...{ name: replace("alarm-one", "alarm-two"), comparisonOperator: "GreaterThanThreshold" },
    ...{ evaluationPeriods: 1, metricName: "Errors", namespace: "AWS/Lambda", period: 60, statistic: "Sum" },
    threshold: change(1, 2),
  });
  new aws.cloudwatch.CompositeAlarm("any", {
    ...{ alarmName: replace("any-one", "any-two"), alarmDescription: change("first", "second") },
    alarmRule: pulumi.interpolate`ALARM("${alarm.name}")`,
  });
  new aws.cloudwatch.Dashboard("dashboard", {
    dashboardName: replace("dashboard-one", "dashboard-two"),
    dashboardBody: JSON.stringify({
      widgets: [{ type: "text", properties: { markdown: change("a", "b") } }],
    }),
  });
  new aws.cloudwatch.QueryDefinition("query", {
    ...{ name: "conformance/query", queryString: change("fields @message", "fields @timestamp") },
    logGroupNames: ["/conformance/one"],
  });
}

function streams({ change, replace }: Values, bucket: aws.s3.Bucket, role: aws.iam.Role) {
  new aws.kinesis.Stream("stream", {
    ...{ name: replace("stream-one", "stream-two"), shardCount: 1, retentionPeriod: change(24, 48) },
  });
  const policy = bucket.arn.apply((arn) => policyOf({ Action: "s3:*", Resource: [arn, `${arn}/*`] }));
  const granted = new aws.iam.RolePolicy("delivery", { name: "delivery", role: role.name, policy });
  new aws.kinesis.FirehoseDeliveryStream(
    "delivery",
    {
      ...{ name: replace("delivery-one", "delivery-two"), destination: "extended_s3" },
      extendedS3Configuration: {
        ...{ roleArn: role.arn, bucketArn: bucket.arn, bufferingInterval: change(60, 120) },
      },
    },
    { dependsOn: granted },
  );
}

function logs({ change, replace }: Values) {
  const group = new aws.cloudwatch.LogGroup("group", {
    ...{ name: replace("/conformance/one", "/conformance/two"), retentionInDays: change(7, 14) },
  });
  new aws.cloudwatch.LogStream("group", { logGroupName: group.name, name: "stream" });
  new aws.cloudwatch.LogResourcePolicy("group", {
    policyName: replace("logs-one", "logs-two"),
    policyDocument: policyOf({
      ...{ Sid: change("First", "Second"), Principal: { Service: "events.amazonaws.com" } },
      ...{ Action: "logs:PutLogEvents", Resource: "*" },
    }),
  });
}
