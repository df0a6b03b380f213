import { expect } from "chai";
import { policies } from "../../policy/policies";
import { type Shown, violations } from "./harness";

const tags = { Project: "slipway", Stack: "dev", ManagedBy: "pulumi" };
const one = (type: string, props: object, name?: string): Shown => ({
  type,
  name,
  props: { tags, ...props },
});
const mains = (type: string, props: object, name?: string) =>
  one(type, { tags: { ...tags, Stack: "main" }, ...props }, name);
const policy = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (rest: object) => policy({ Effect: "Allow", ...rest });
const outputs = (props: object): Shown => ({
  type: "pulumi:pulumi:Stack",
  name: "slipway-main",
  props: { ...props },
});

const bucket = (...settings: Shown[]) => [one("aws:s3/bucket:Bucket", { bucket: "b" }, "data"), ...settings];
const encrypted: Shown = {
  ...one("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", {
    rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms" } }],
  }),
  from: { bucket: "data" },
};
const open = {
  blockPublicAcls: true,
  blockPublicPolicy: true,
  ignorePublicAcls: true,
  restrictPublicBuckets: true,
};
const closed = one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", { bucket: "b", ...open });

const realTime = (variant: object) =>
  one("aws:sagemaker/endpointConfiguration:EndpointConfiguration", {
    productionVariants: [{ initialInstanceCount: 2, instanceType: "ml.m5.large", ...variant }],
  });
const watched = {
  autoRollbackConfiguration: { alarms: [{ alarmName: "errors" }] },
  blueGreenUpdatePolicy: { trafficRoutingConfiguration: { type: "CANARY", waitIntervalInSeconds: 300 } },
};
const endpoint = (name: string, configuration: object): Shown[] => [
  { ...one("aws:sagemaker/endpoint:Endpoint", { name }, "endpoint"), from: { endpointConfigName: "config" } },
  one("aws:sagemaker/endpointConfiguration:EndpointConfiguration", configuration, "config"),
];

/** By policy: programs that violate it, and what it says; and others beside them that do not. */
const cases: Record<string, { violating: [Shown[], string, string?][]; keeping: [Shown[], string?][] }> = {
  "encryption-at-rest": {
    violating: [
      [
        [one("aws:sqs/queue:Queue", {})],
        "it: sqsManagedSseEnabled is not set: write true, or give a kmsMasterKeyId.",
      ],
      [[one("aws:sns/topic:Topic", {})], "it: kmsMasterKeyId is not set: write 'alias/aws/sns'"],
      [[one("aws:dynamodb/table:Table", {})], "it: serverSideEncryption is not set: write { enabled: true }"],
      [[one("aws:kinesis/stream:Stream", { encryptionType: "NONE" })], 'it: encryptionType is "NONE"'],
      [
        [one("aws:rds/instance:Instance", { instanceClass: "db.t4g.micro" })],
        "it: storageEncrypted is not set",
      ],
      [[one("aws:kms/key:Key", {})], "it: enableKeyRotation is not set: write true."],
      [
        bucket(closed, {
          ...encrypted,
          props: { rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }] },
        }),
        'it: sseAlgorithm is "AES256"',
      ],
    ],
    keeping: [
      [[one("aws:sqs/queue:Queue", { kmsMasterKeyId: "key" })]],
      [[one("aws:dynamodb/table:Table", { serverSideEncryption: { enabled: true } })]],
      [[one("aws:kms/key:Key", { keyUsage: "GENERATE_VERIFY_MAC" })]],
    ],
  },
  "bucket-encryption": {
    violating: [
      [bucket(closed), "data: BucketServerSideEncryptionConfiguration is not set: declare an aws.s3."],
      [bucket(closed, { ...encrypted, from: { bucket: "another" } }), "data: BucketServerSide"],
    ],
    keeping: [[bucket(closed, encrypted)]],
  },
  "no-public-access": {
    violating: [
      [
        bucket(encrypted, one(closed.type, { bucket: "b", ...open, blockPublicPolicy: false })),
        "it: blockPublicPolicy is false",
      ],
      [
        [one("aws:s3/bucketPolicy:BucketPolicy", { policy: allow({ Principal: "*" }) })],
        'it: policy.Principal is "*"',
      ],
      [
        [one("aws:sqs/queuePolicy:QueuePolicy", { policy: allow({ Principal: { AWS: "*" } }) })],
        'it: policy.Principal is "*"',
      ],
      [
        [one("aws:iam/role:Role", { assumeRolePolicy: allow({ Principal: { AWS: ["*"] } }) })],
        "it: assumeRolePolicy.Principal",
      ],
      [[one("aws:lambda/permission:Permission", { principal: "*" })], "it: principal is"],
      [
        [one("aws:lambda/functionUrl:FunctionUrl", { authorizationType: "NONE" })],
        'it: authorizationType is "NONE"',
      ],
      [
        [
          one("aws:ec2/securityGroup:SecurityGroup", {
            ingress: [{ cidrBlocks: ["10.0.0.0/8", "0.0.0.0/0"] }],
          }),
        ],
        'it: ingress is "0.0.0.0/0"',
      ],
      [
        [one("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", { cidrIpv6: "::/0" })],
        'it: ingress is "::/0"',
      ],
      [
        [
          one("aws:rds/instance:Instance", {
            storageEncrypted: true,
            instanceClass: "db.t4g.micro",
            publiclyAccessible: true,
          }),
        ],
        "it: publiclyAccessible is true: write false.",
      ],
      [
        [one("aws:redshiftserverless/workgroup:Workgroup", { publiclyAccessible: true })],
        "it: publiclyAccessible is true",
      ],
    ],
    keeping: [
      [[one("aws:s3/bucketPolicy:BucketPolicy", { policy: policy({ Effect: "Deny", Principal: "*" }) })]],
      [
        [
          one("aws:sqs/queuePolicy:QueuePolicy", {
            policy: allow({ Principal: { AWS: "*" }, Condition: { a: {} } }),
          }),
        ],
      ],
    ],
  },
  "bucket-public-access": {
    violating: [
      [
        bucket(encrypted),
        "data: BucketPublicAccessBlock is not set: declare an aws.s3.BucketPublicAccessBlock",
      ],
    ],
    keeping: [[bucket(encrypted, closed)]],
  },
  "no-wildcards-in-iam": {
    violating: [
      [
        [one("aws:iam/rolePolicy:RolePolicy", { policy: allow({ Action: "s3:*", Resource: "arn" }) })],
        'it: Action is "s3:*"',
      ],
      [
        [
          one("aws:iam/policy:Policy", {
            policy: allow({ Action: ["ecr:GetAuthorizationToken", "s3:GetObject"], Resource: "*" }),
          }),
        ],
        'it: Resource is "*": give ARNs to s3:GetObject',
      ],
      [
        [one("aws:iam/rolePolicy:RolePolicy", { policy: allow({ NotAction: "iam:*", Resource: "arn" }) })],
        'it: NotAction is "iam:*"',
      ],
      [
        [
          one("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {
            policyArn: "arn:aws:iam::aws:policy/AmazonS3FullAccess",
          }),
        ],
        "it: policyArn is",
      ],
    ],
    keeping: [
      [
        [
          one("aws:iam/rolePolicy:RolePolicy", {
            policy: allow({ Action: "ecr:GetAuthorizationToken", Resource: ["*"] }),
          }),
        ],
      ],
      [
        [
          one("aws:iam/rolePolicy:RolePolicy", {
            policy: policy({ Effect: "Deny", Action: "*", Resource: "*" }),
          }),
        ],
      ],
    ],
  },
  "no-long-lived-keys": {
    violating: [[[one("aws:iam/accessKey:AccessKey", { user: "ann" })], 'it: user is "ann": make a role']],
    keeping: [[[one("aws:iam/role:Role", { assumeRolePolicy: allow({ Principal: { Service: "x" } }) })]]],
  },
  "log-retention": {
    violating: [
      [[one("aws:cloudwatch/logGroup:LogGroup", {})], "it: retentionInDays is not set: give 7 or more"],
      [
        [mains("aws:cloudwatch/logGroup:LogGroup", { retentionInDays: 30 })],
        "it: retentionInDays is 30: give 90",
        "main",
      ],
    ],
    keeping: [[[one("aws:cloudwatch/logGroup:LogGroup", { retentionInDays: 30 })]]],
  },
  tags: {
    violating: [
      [
        [one("aws:sqs/queue:Queue", { sqsManagedSseEnabled: true, tags: { ...tags, Stack: "main" } })],
        `it: tags.Stack is "main": write 'dev'`,
      ],
    ],
    keeping: [[[one("aws:sagemaker/model:Model", {})]], [[one("aws:apigateway/model:Model", { tags: {} })]]],
  },
  "instance-limits": {
    violating: [
      [
        [realTime({ instanceType: "ml.p4d.24xlarge" })],
        'it: instanceType is "ml.p4d.24xlarge": take one of ml.{t2,',
      ],
      [[realTime({ initialInstanceCount: 5 })], "it: initialInstanceCount is 5: take 4 at most"],
      [[realTime({ serverlessConfig: { maxConcurrency: 50 } })], "it: maxConcurrency is 50"],
      [[one("aws:appautoscaling/target:Target", { maxCapacity: 9 })], "it: maxCapacity is 9"],
      [
        [one("aws:rds/instance:Instance", { storageEncrypted: true, instanceClass: "db.r5.8xlarge" })],
        "it: instanceClass is",
      ],
    ],
    keeping: [[[realTime({})]], [[mains("aws:appautoscaling/target:Target", { maxCapacity: 9 })], "main"]],
  },
  "training-limits": {
    violating: [
      [
        [outputs({ trainingInstanceType: "ml.p4d.24xlarge" })],
        'configuration: trainingInstanceType is "ml.p4d.24xlarge"',
      ],
      [[outputs({ trainingInstanceCount: 8 })], "configuration: trainingInstanceCount is 8: take 4"],
    ],
    keeping: [[[outputs({ trainingInstanceType: "ml.m5.large", trainingInstanceCount: 1 })]]],
  },
  "no-switch-of-a-live-endpoint": {
    violating: [
      [
        endpoint("taxis", { productionVariants: [{ instanceType: "ml.m5.large" }] }),
        `endpoint: name is "taxis": end it with '-real-time'`,
      ],
      [
        endpoint("taxis-real-time", { productionVariants: [{ serverlessConfig: {} }] }),
        `endpoint: name is "taxis-real-time": end it with '-serverless'`,
      ],
    ],
    keeping: [[endpoint("taxis-serverless", { productionVariants: [{ serverlessConfig: {} }] })]],
  },
  guardrails: {
    violating: [
      [[mains("aws:sagemaker/endpoint:Endpoint", { name: "x-serverless" })], "it: name is", "main"],
      [
        [
          mains("aws:sagemaker/endpoint:Endpoint", {
            deploymentConfig: { ...watched, autoRollbackConfiguration: { alarms: [] } },
          }),
        ],
        'it: autoRollbackConfiguration is {"alarms":[]}: name the alarms',
        "main",
      ],
      [
        [
          mains("aws:sagemaker/endpoint:Endpoint", {
            deploymentConfig: {
              ...watched,
              blueGreenUpdatePolicy: { trafficRoutingConfiguration: { type: "ALL_AT_ONCE" } },
            },
          }),
        ],
        'it: trafficRoutingConfiguration.type is "ALL_AT_ONCE"',
        "main",
      ],
      [
        [
          mains("aws:dynamodb/table:Table", {
            serverSideEncryption: { enabled: true },
            deletionProtectionEnabled: false,
          }),
        ],
        "it: deletionProtectionEnabled is false: leave deleteDataOnDestroy false",
        "main",
      ],
      [[mains("aws:ecr/repository:Repository", { forceDelete: true })], "it: forceDelete is true", "main"],
    ],
    keeping: [
      [
        [mains("aws:sagemaker/endpoint:Endpoint", { name: "x-real-time", deploymentConfig: watched })],
        "main",
      ],
      [[one("aws:ecr/repository:Repository", { forceDelete: true })]],
    ],
  },
  "release-guardrails": {
    violating: [
      [
        [outputs({ gate: { approval: "none" } })],
        `configuration: approval is "none": write 'manual'`,
        "main",
      ],
      [[outputs({ deleteDataOnDestroy: true })], "configuration: deleteDataOnDestroy is true", "main"],
    ],
    keeping: [
      [[outputs({ gate: { approval: "manual" }, deleteDataOnDestroy: false })], "main"],
      [[outputs({ gate: { approval: "none" }, deleteDataOnDestroy: true })]],
    ],
  },
};

describe("the policy pack", () => {
  it("has cases for each policy that is mandatory", () => {
    const mandatory = policies.filter(({ enforcementLevel }) => enforcementLevel === undefined);
    expect(Object.keys(cases)).to.have.members(mandatory.map(({ name }) => name));
  });

  for (const [name, { violating, keeping }] of Object.entries(cases)) {
    it(`${name}: names the resource, the value and what to do, and lets pass what keeps to it`, async () => {
      for (const [resources, message, stack] of violating) {
        const found = await violations(resources, { stack });
        expect(found, message).to.have.length(1);
        expect(found[0]).to.contain(`${name}: ${message}`);
      }
      for (const [resources, stack] of keeping)
        expect(await violations(resources, { stack })).to.deep.equal([]);
    });
  }

  it("two-instances: advises a second instance on main", async () => {
    const resources = [realTime({ initialInstanceCount: 1 })];
    expect(await violations(resources, { stack: "main", level: "advisory" })).to.deep.equal([
      "two-instances: it: instanceCount is 1: give 2 or more.",
    ]);
    expect(await violations(resources, { level: "advisory" })).to.deep.equal([]);
  });
});
