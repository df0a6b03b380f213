import { expect } from "chai";
import { BatchScoring } from "../../../components/api/batch-scoring";
import { DataBucket } from "../../../components/data/data-bucket";
import { StateTable } from "../../../components/data/state-table";
import { ModelEndpoint } from "../../../components/endpoint/model-endpoint";
import { type Release } from "../../../components/release/current-release";
import { ModelImage } from "../../../components/release/model-image";
import { ResultsTopic } from "../../../components/results/results-topic";
import { context, type Declared, declare, only, statements } from "../mocks";

const release: Release = {
  ...{ id: "0123456789ab", imageUri: "i@sha256:0a", modelDataUrl: "s3://b/m.tar.gz", modelPackageArn: "arn" },
};
const settings = {
  ...{ maxMegabytes: 500, endpointKilobytes: 5000, instanceType: "ml.m5.large", retentionDays: 7 },
};
const bucket = "arn:aws:aws:s3/bucket:Bucket:data-bucket";

const batches = (served?: Release, preview = false): Promise<Declared[]> =>
  declare(
    () => {
      const data = new DataBucket("data", { context, deleteData: true, batchDays: settings.retentionDays });
      const image = new ModelImage("image", {
        ...{ context, folder: "model-image", baseImage: "python", deleteImages: true },
      });
      const endpoint = new ModelEndpoint("endpoint", {
        ...{ context, data, image, release: served, logRetentionDays: 7 },
        capacity: { kind: "serverless", memorySizeInMb: 2048, maxConcurrency: 5 },
        guardrails: {
          ...{ canaryPercent: 20, bakeSeconds: 300, alarmPeriodSeconds: 60, max5xxPercent: 1 },
          maxLatencyMs: 250,
        },
      });
      const state = new StateTable("state", { context, deleteData: true });
      const results = new ResultsTopic("results", {
        ...{ context, state, subscribers: [], digestSeconds: 0, logRetentionDays: 7 },
      });
      new BatchScoring("batches", {
        ...{ context, data, endpoint, results, state, settings, releaseId: served?.id, logRetentionDays: 7 },
      });
    },
    { preview },
  );

const environment = (declared: Declared[], name: string) =>
  (only(declared, "Function", name).environment as { variables: Record<string, string> }).variables;

/** What a role may do with objects of the data bucket, by action. */
function granted(declared: Declared[], grantee: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { type, name, inputs } of declared) {
    if (!type.endsWith(":RolePolicy") || !name.startsWith(`data-${grantee}-`)) continue;
    for (const { Action, Resource } of statements(inputs) as { Action: string[]; Resource: string }[]) {
      for (const action of [Action].flat()) (found[action] ??= []).push(Resource.replace(`${bucket}/`, ""));
    }
  }
  return found;
}

describe("BatchScoring", () => {
  it("is there without a release, and tells its Lambdas that there is none", async () => {
    const declared = await batches();
    expect(environment(declared, "batches-score-function")).to.include({ MODEL_NAME: "", RELEASE_ID: "" });
    expect(environment(declared, "batches-api-function")).to.include({ RELEASE_ID: "" });
  });

  it("scores with the model of the release that the endpoint serves", async () => {
    const declared = await batches(release);
    expect(environment(declared, "batches-score-function")).to.include({
      ...{ MODEL_NAME: "endpoint-model-1", RELEASE_ID: release.id, INSTANCE_TYPE: "ml.m5.large" },
      ...{ ENDPOINT_BYTES: "5000000", JOB_PREFIX: "slipway-dev-batch-" },
    });
    expect(environment(declared, "batches-api-function")).to.include({
      ...{ MAX_BYTES: "500000000", RETENTION_DAYS: "7", RELEASE_ID: release.id },
    });
  });

  it("runs its worker for uploads, not for results, and for the ends of its own transform jobs", async () => {
    const declared = await batches();
    const pattern = (name: string) =>
      JSON.parse(only(declared, "EventRule", name).eventPattern as string) as unknown;
    expect(pattern("batches-uploads")).to.deep.equal({
      source: ["aws.s3"],
      "detail-type": ["Object Created"],
      detail: { bucket: { name: ["data-bucket-1"] }, object: { key: [{ prefix: "batches/inputs/" }] } },
    });
    expect(pattern("batches-transforms")).to.deep.equal({
      source: ["aws.sagemaker"],
      "detail-type": ["SageMaker Transform Job State Change"],
      detail: {
        TransformJobName: [{ prefix: "slipway-dev-batch-" }],
        TransformJobStatus: ["Completed", "Failed", "Stopped"],
      },
    });
    const targets = declared.filter(({ type }) => type.endsWith(":EventTarget"));
    expect(targets.filter(({ name }) => name.endsWith("-to-score"))).to.have.length(2);
  });

  it("lets each role touch its own part of batches/ and nothing else", async () => {
    const declared = await batches(release);
    const api = granted(declared, "batches");
    expect(api["s3:PutObject"]).to.deep.equal(["batches/inputs/*"]);
    expect(api["s3:GetObject"]).to.deep.equal(["batches/results/*"]);
    const worker = granted(declared, "score");
    expect(worker["s3:PutObject"]).to.deep.equal(["batches/records/*", "batches/results/*"]);
    expect(worker["s3:GetObject"]).to.deep.equal([
      ...["batches/inputs/*", "batches/records/*", "batches/answers/*", "batches/results/*"],
    ]);
    const model = granted(declared, "endpoint");
    expect(model["s3:PutObject"]).to.deep.equal(["batches/answers/*"]);
    expect(model["s3:GetObject"]).to.deep.equal(["releases/*", "batches/records/*"]);
    expect(
      Object.keys({ ...api, ...worker, ...model }).filter((action) => /Delete/.test(action)),
    ).to.deep.equal([]);
  });

  it("lets the worker begin transform jobs of this stack's names, and pass no role", async () => {
    const declared = await batches(release);
    const [statement, ...more] = statements(only(declared, "RolePolicy", "batches-score-transform"));
    expect(statement).to.deep.equal({
      Effect: "Allow",
      Action: ["sagemaker:CreateTransformJob", "sagemaker:AddTags"],
      Resource: "arn:aws:sagemaker:us-east-1:123456789012:transform-job/slipway-dev-batch-*",
    });
    expect(more).to.deep.equal([]);
    const all = declared.filter(({ type }) => type.endsWith(":RolePolicy"));
    expect(JSON.stringify(all)).not.to.include("iam:PassRole");
  });

  it("lets everything of a batch go after the given days, old versions too", async () => {
    const { rules } = only(await batches(), "BucketLifecycleConfiguration") as { rules: object[] };
    expect(rules).to.deep.include({
      ...{ id: "batches", status: "Enabled", filter: { prefix: "batches/" } },
      ...{ expiration: { days: 7 }, noncurrentVersionExpiration: { noncurrentDays: 1 } },
    });
  });

  it("is the same in a first preview", async () => {
    const names = (declared: Declared[]) => declared.map(({ type, name }) => `${type} ${name}`).sort();
    expect(names(await batches(undefined, true))).to.deep.equal(names(await batches()));
  });
});
