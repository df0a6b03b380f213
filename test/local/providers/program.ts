import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

/** What the test changes from one update to the next. */
export interface Variant {
  /** Folder of the image's build context. */
  context: string;
  retentionInDays: number;
  memorySize: number;
  schemaTitle: string;
  owner: string;
  alarmThreshold: number;
  policyAsText: boolean;
}

export const firstVariant: Omit<Variant, "context"> = {
  retentionInDays: 7,
  memorySize: 128,
  schemaTitle: "First",
  owner: "first",
  alarmThreshold: 1,
  policyAsText: false,
};

const lambdaTrust = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow" as const, Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" },
  ],
};

function statement(actions: string[], resource: pulumi.Input<string>, principal?: string) {
  return pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: actions,
        Resource: resource,
        ...(principal ? { Principal: { Service: principal } } : {}),
      },
    ],
  });
}

function storage(variant: Variant, provider: aws.Provider) {
  const opts = { provider };
  const key = new aws.kms.Key(
    "data",
    { description: "data", enableKeyRotation: true, deletionWindowInDays: 7 },
    opts,
  );
  new aws.kms.Alias("data", { targetKeyId: key.keyId }, opts);
  const bucket = new aws.s3.Bucket("Data", { forceDestroy: true, tags: { owner: variant.owner } }, opts);
  const name = bucket.bucket;
  new aws.s3.BucketVersioning("data", { bucket: name, versioningConfiguration: { status: "Enabled" } }, opts);
  new aws.s3.BucketServerSideEncryptionConfiguration(
    "data",
    {
      bucket: name,
      rules: [
        {
          applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn },
          bucketKeyEnabled: true,
        },
      ],
    },
    opts,
  );
  const blocked = {
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  };
  new aws.s3.BucketPublicAccessBlock("data", { bucket: name, ...blocked }, opts);
  new aws.s3.BucketOwnershipControls(
    "data",
    { bucket: name, rule: { objectOwnership: "BucketOwnerEnforced" } },
    opts,
  );
  const tlsOnly = pulumi.jsonStringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "TlsOnly",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: [bucket.arn, pulumi.interpolate`${bucket.arn}/*`],
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      },
    ],
  });
  new aws.s3.BucketPolicy("data", { bucket: name, policy: tlsOnly }, opts);
  new aws.s3.BucketLifecycleConfiguration(
    "data",
    {
      bucket: name,
      rules: [
        { id: "old", status: "Enabled", filter: {}, noncurrentVersionExpiration: { noncurrentDays: 30 } },
        { id: "tmp", status: "Enabled", filter: { prefix: "tmp/" }, expiration: { days: 1 } },
        {
          id: "parts",
          status: "Enabled",
          filter: {},
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
      ],
    },
    opts,
  );
  new aws.s3.BucketObjectv2("note", { bucket: name, key: "notes/a.txt", content: variant.owner }, opts);
  return bucket;
}

function messaging(variant: Variant) {
  const dead = new aws.sqs.Queue("dead", { messageRetentionSeconds: 86400 });
  const queue = new aws.sqs.Queue("results", {
    redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 3 }),
    tags: { owner: variant.owner },
  });
  const topic = new aws.sns.Topic("results", { displayName: variant.owner });
  new aws.sns.TopicPolicy("results", {
    arn: topic.arn,
    policy: statement(["sns:Publish"], topic.arn, "cloudwatch.amazonaws.com"),
  });
  new aws.sqs.QueuePolicy("results", {
    queueUrl: queue.url,
    policy: statement(["sqs:SendMessage"], queue.arn, "events.amazonaws.com"),
  });
  new aws.sns.TopicSubscription("queue", {
    topic: topic.arn,
    protocol: "sqs",
    endpoint: queue.arn,
    filterPolicy: pulumi.jsonStringify({ kind: ["alarm"] }),
  });
  new aws.cloudwatch.MetricAlarm("errors", {
    comparisonOperator: "GreaterThanThreshold",
    evaluationPeriods: 1,
    metricName: "Errors",
    namespace: "AWS/Lambda",
    period: 60,
    statistic: "Sum",
    threshold: variant.alarmThreshold,
    alarmActions: [topic.arn],
  });
  const rule = new aws.cloudwatch.EventRule("jobs", {
    eventPattern: JSON.stringify({ source: ["aws.sagemaker"] }),
    description: variant.owner,
  });
  new aws.cloudwatch.EventTarget("jobs", { rule: rule.name, arn: queue.arn });
  return queue;
}

function compute(variant: Variant, queue: aws.sqs.Queue) {
  const trust = variant.policyAsText ? JSON.stringify(lambdaTrust, null, 4) : JSON.stringify(lambdaTrust);
  const role = new aws.iam.Role("lambda", { assumeRolePolicy: trust, description: variant.owner });
  const policy = new aws.iam.RolePolicy("lambda", {
    role: role.id,
    policy: statement(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue.arn),
  });
  const log = new aws.cloudwatch.LogGroup("lambda", { retentionInDays: variant.retentionInDays });
  new aws.cloudwatch.LogResourcePolicy("events", {
    policyName: "events-to-logs",
    policyDocument: statement(
      ["logs:PutLogEvents"],
      pulumi.interpolate`${log.arn}:*`,
      "events.amazonaws.com",
    ),
  });
  const source = `exports.handler = async () => ({ statusCode: 200, body: "hello ${variant.owner}" });`;
  const fn = new aws.lambda.Function("predict", {
    role: role.arn,
    runtime: "nodejs20.x",
    handler: "index.handler",
    memorySize: variant.memorySize,
    code: new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset(source) }),
    environment: { variables: { OWNER: variant.owner } },
    loggingConfig: { logFormat: "JSON", logGroup: log.name },
  });
  new aws.lambda.EventSourceMapping(
    "results",
    {
      functionName: fn.name,
      eventSourceArn: queue.arn,
      batchSize: 5,
      functionResponseTypes: ["ReportBatchItemFailures"],
    },
    { dependsOn: policy },
  );
  return { fn, role };
}

function api(variant: Variant, fn: aws.lambda.Function) {
  const rest = new aws.apigateway.RestApi("public", {
    description: variant.owner,
    tags: { owner: variant.owner },
  });
  const restApi = rest.id;
  const resource = new aws.apigateway.Resource("predict", {
    restApi,
    parentId: rest.rootResourceId,
    pathPart: "predict",
  });
  const validator = new aws.apigateway.RequestValidator("body", { restApi, validateRequestBody: true });
  const model = new aws.apigateway.Model("trip", {
    restApi,
    name: "Trip",
    contentType: "application/json",
    schema: JSON.stringify({ type: "object", title: variant.schemaTitle }),
  });
  const method = new aws.apigateway.Method("post", {
    restApi,
    resourceId: resource.id,
    httpMethod: "POST",
    authorization: "NONE",
    apiKeyRequired: true,
    requestModels: { "application/json": model.name },
    requestValidatorId: validator.id,
  });
  const integration = new aws.apigateway.Integration("post", {
    restApi,
    resourceId: resource.id,
    httpMethod: method.httpMethod,
    type: "AWS_PROXY",
    integrationHttpMethod: "POST",
    uri: fn.invokeArn,
  });
  const response = new aws.apigateway.Response("bad-request", {
    restApiId: restApi,
    responseType: "BAD_REQUEST_BODY",
    statusCode: "400",
    responseTemplates: { "application/json": '{"title":"bad request"}' },
  });
  new aws.lambda.Permission("api", {
    action: "lambda:InvokeFunction",
    function: fn.name,
    principal: "apigateway.amazonaws.com",
    sourceArn: pulumi.interpolate`${rest.executionArn}/*/*`,
  });
  const deployment = new aws.apigateway.Deployment(
    "v1",
    { restApi, triggers: { model: variant.schemaTitle } },
    { dependsOn: [method, integration, response] },
  );
  const stage = new aws.apigateway.Stage("v1", { restApi, deployment: deployment.id, stageName: "v1" });
  new aws.apigateway.MethodSettings("all", {
    restApi,
    stageName: stage.stageName,
    methodPath: "*/*",
    settings: { throttlingBurstLimit: 20, throttlingRateLimit: 10 },
  });
  const key = new aws.apigateway.ApiKey("client", {});
  const plan = new aws.apigateway.UsagePlan("client", {
    apiStages: [{ apiId: restApi, stage: stage.stageName }],
    throttleSettings: { burstLimit: 20, rateLimit: 10 },
    quotaSettings: { limit: 1000, period: "DAY" },
  });
  new aws.apigateway.UsagePlanKey("client", { keyId: key.id, keyType: "API_KEY", usagePlanId: plan.id });
  return { url: pulumi.interpolate`${stage.invokeUrl}/predict`, key: key.value };
}

/** One of every resource type that the plugins have, SageMaker aside. */
export function program(variant: Variant) {
  return async () => {
    const tags = { project: "slipway", stage: variant.owner };
    const provider = new aws.Provider("tagged", {
      region: "us-east-1",
      defaultTags: { tags },
      skipCredentialsValidation: true,
      skipRequestingAccountId: true,
    });
    const bucket = storage(variant, provider);
    const queue = messaging(variant);
    const { fn } = compute(variant, queue);
    const { url, key } = api(variant, fn);

    const images = new awsx.ecr.Repository("Model", { forceDelete: true, tags: { owner: variant.owner } });
    const image = new docker.Image("model", {
      imageName: pulumi.interpolate`${images.url}:latest`,
      build: { context: variant.context, platform: "linux/amd64", args: { FLAVOUR: "plain" } },
    });
    const ownRepository = new aws.ecr.Repository("own", { imageScanningConfiguration: { scanOnPush: true } });
    new aws.ecr.LifecyclePolicy("own", {
      repository: ownRepository.name,
      policy: JSON.stringify({
        rules: [
          {
            rulePriority: 1,
            selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 5 },
            action: { type: "expire" },
          },
        ],
      }),
    });
    const parameter = new aws.ssm.Parameter("release", {
      name: "/slipway-test/release",
      type: "SecureString",
      value: pulumi.secret(variant.owner),
    });

    const caller = await aws.getCallerIdentity();
    const region = await aws.getRegion();
    const partition = await aws.getPartition();
    const nothing = await aws.ssm.getParametersByPath({ path: "/slipway-test/none" });
    const token = aws.ecr.getAuthorizationTokenOutput();
    return {
      ...{
        bucketName: bucket.bucket,
        bucketTags: bucket.tagsAll,
        queueUrl: queue.url,
        url,
        key,
        fn: fn.name,
      },
      ...{ digest: image.repoDigest, repositoryUrl: images.url, parameter: parameter.value },
      ...{
        account: caller.accountId,
        region: region.region,
        partition: partition.partition,
        nothing: nothing.names,
      },
      user: token.userName,
    };
  };
}
