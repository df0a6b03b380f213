import { DescribeLogStreamsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import {
  CreateModelCommand,
  CreateTransformJobCommand,
  type CreateTransformJobRequest,
  DescribeTransformJobCommand,
  ListTransformJobsCommand,
  StopTransformJobCommand,
} from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { batches } from "../../../local/sagemaker/jobs/batches";
import { failure } from "../laptop";
import { type Target, bucket, imageUri, readObject, target, train, until } from "./target";

describe("batch transform", function () {
  this.timeout(60_000);
  let made: Target;
  before(async () => {
    made = await target();
    await train(made, "transform-model");
    await createModel("doubles", {});
    await put("batch/a.txt", "1\n2\n3\n");
    await put("batch/deep/b.txt", "4\n5");
    await put("batch/empty.txt", "");
  });

  const put = (Key: string, Body: string) =>
    made.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ContentLength: Buffer.byteLength(Body) }));
  const text = async (key: string) => (await readObject(made, key)).toString();
  const createModel = (ModelName: string, Environment: Record<string, string>) =>
    made.sagemaker.send(
      new CreateModelCommand({
        ...{ ModelName, ExecutionRoleArn: made.roleArn },
        PrimaryContainer: {
          ...{ Image: imageUri, Environment },
          ModelDataUrl: `s3://${bucket}/models/transform-model/output/model.tar.gz`,
        },
      }),
    );

  const request = (
    name: string,
    { input = "batch/", split = "Line", accept, ...changes }: Changes = {},
  ): CreateTransformJobRequest => ({
    ...{ TransformJobName: name, ModelName: "doubles" },
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: `s3://${bucket}/${input}` } },
      ...{ ContentType: "text/numbers", SplitType: split },
    },
    TransformOutput: {
      ...{ S3OutputPath: `s3://${bucket}/out/${name}`, AssembleWith: "Line" },
      Accept: accept,
    },
    TransformResources: { InstanceType: "ml.m5.large", InstanceCount: 1 },
    ...changes,
  });

  const end = (TransformJobName: string) =>
    until(
      () => made.sagemaker.send(new DescribeTransformJobCommand({ TransformJobName })),
      ({ TransformJobStatus = "" }) => !["InProgress", "Stopping"].includes(TransformJobStatus),
    );

  async function run(name: string, changes: Changes = {}) {
    await made.sagemaker.send(new CreateTransformJobCommand(request(name, changes)));
    return end(name);
  }

  it("scores every object below a prefix and leaves nothing running", async () => {
    const job = await run("transform-ok");
    expect([job.TransformJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
    expect(job.TransformStartTime).to.be.instanceOf(Date);
    expect(job.TransformEndTime).to.be.instanceOf(Date);
    expect(await text("out/transform-ok/a.txt.out")).to.equal("2\n4\n6\n");
    expect(await text("out/transform-ok/deep/b.txt.out")).to.equal("8\n10\n");
    expect(await text("out/transform-ok/empty.txt.out")).to.equal("");
    expect(readdirSync(join(made.laptop.home, "sagemaker", "work"))).to.deep.equal([]);
    const { logStreams } = await made.logs.send(
      new DescribeLogStreamsCommand({
        logGroupName: "/aws/sagemaker/TransformJobs",
        logStreamNamePrefix: "transform-ok/",
      }),
    );
    expect(logStreams).to.have.length(1);
    const listed = await made.sagemaker.send(
      new ListTransformJobsCommand({ NameContains: "transform-ok", StatusEquals: "Completed" }),
    );
    expect(listed.TransformJobSummaries?.map(({ TransformJobName }) => TransformJobName)).to.deep.equal([
      "transform-ok",
    ]);
  });

  it("sends one record at a time, as many at once as the container says", async () => {
    const EXECUTION_PARAMETERS = JSON.stringify({
      MaxConcurrentTransforms: 3,
      BatchStrategy: "SINGLE_RECORD",
    });
    await createModel("says", { EXECUTION_PARAMETERS, PAUSE: "0.2" });
    await put("many/numbers.txt", "1\n".repeat(9));
    await run("transform-single", { ModelName: "says", input: "many/", accept: "text/sizes" });
    const lines = (await text("out/transform-single/numbers.txt.out")).trimEnd().split("\n");
    expect(lines).to.have.length(9);
    expect(lines.at(-1)).to.equal("1 of 3");
    await run("transform-asked", {
      ...{ ModelName: "says", input: "many/", accept: "text/sizes" },
      ...{ MaxConcurrentTransforms: 1, BatchStrategy: "MultiRecord" },
    });
    expect(await text("out/transform-asked/numbers.txt.out")).to.equal("9 of 1\n");
  });

  it("shares the objects between instances", async () => {
    const TransformResources = { InstanceType: "ml.m5.large" as const, InstanceCount: 2 };
    const job = await run("transform-two", { TransformResources });
    expect([job.TransformJobStatus, job.FailureReason]).to.deep.equal(["Completed", undefined]);
    expect(await text("out/transform-two/a.txt.out")).to.equal("2\n4\n6\n");
    expect(await text("out/transform-two/deep/b.txt.out")).to.equal("8\n10\n");
  });

  it("sends whole objects without a split, and names one that is too large for a request", async () => {
    await run("transform-whole", { split: "None", accept: "text/sizes", input: "batch/a" });
    expect(await text("out/transform-whole/a.txt.out")).to.equal("3 of 1\n");
    await put("large/numbers.txt", "1234567\n".repeat(150_000));
    const job = await run("transform-large", { split: "None", input: "large/", MaxPayloadInMB: 1 });
    expect(job.FailureReason).to.match(
      /^ClientError: s3:\/\/numbers\/large\/numbers.txt: a record has more than the 1048576 bytes/,
    );
    await run("transform-split", { input: "large/", MaxPayloadInMB: 1, accept: "text/sizes" });
    expect(await text("out/transform-split/numbers.txt.out")).to.equal("131072 of 1\n18928 of 1\n");
  });

  it("fails with the container's words and the object's name", async () => {
    await put("bad/numbers.txt", "1\nbad\n");
    const job = await run("transform-bad", { input: "bad/" });
    expect([job.TransformJobStatus, job.FailureReason]).to.deep.equal([
      "Failed",
      'ClientError: s3://numbers/bad/numbers.txt: Bad HTTP status received from algorithm: 400 {"message": "bad is no number"}',
    ]);
  });

  it("fails when the container dies of a request again and again", async () => {
    await put("crash/numbers.txt", "crash\n");
    const ModelClientConfig = { InvocationsMaxRetries: 1 };
    const job = await run("transform-crash", { input: "crash/", ModelClientConfig });
    expect(job.FailureReason).to.match(
      /^AlgorithmError: s3:\/\/numbers\/crash\/numbers.txt: the container gave no answer/,
    );
  });

  it("fails when the container does not become healthy, with its last words", async () => {
    await createModel("transform-broken", { MODE: "broken" });
    const job = await run("transform-broken", { ModelName: "transform-broken" });
    expect(job.FailureReason).to.match(
      /^AlgorithmError: The primary container for transform job transform-broken did not pass the ping/,
    );
    expect(job.FailureReason).to.contain("the model cannot be loaded: wrong shape");
  });

  it("fails when there is no input", async () => {
    const job = await run("transform-nothing", { input: "nothing/" });
    expect(job.FailureReason).to.contain('No S3 objects found under S3 URL "s3://numbers/nothing/"');
  });

  it("stops, whatever the container is at", async () => {
    await put("slow/numbers.txt", "slow\n");
    const TransformJobName = "transform-stop";
    await made.sagemaker.send(new CreateTransformJobCommand(request(TransformJobName, { input: "slow/" })));
    const log = join(made.laptop.home, "sagemaker", "logs", "transform-jobs", `${TransformJobName}.log`);
    await until(
      () => Promise.resolve(existsSync(log)),
      (there) => there,
    );
    await made.sagemaker.send(new StopTransformJobCommand({ TransformJobName }));
    expect((await end(TransformJobName)).TransformJobStatus).to.equal("Stopped");
    expect(readFileSync(log, "utf8")).not.to.contain("Traceback");
    const again = await failure(made.sagemaker.send(new StopTransformJobCommand({ TransformJobName })));
    expect(again.message).to.equal(
      "The request was rejected because the transform job is in status Stopped.",
    );
  });

  for (const [what, changes, message] of [
    ["an unknown model", { ModelName: "absent" }, /Could not find model ".*:model\/absent"/],
    ["a name that is taken", {}, /a job with this name already exists/],
    [
      "records that it cannot tell",
      { split: "RecordIO" as const },
      /does not support the SplitType RecordIO/,
    ],
    ["too much at once", { MaxConcurrentTransforms: 20, MaxPayloadInMB: 6 }, /cannot exceed 100 MB/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const error = await failure(
        made.sagemaker.send(new CreateTransformJobCommand(request("transform-ok", changes))),
      );
      expect(error.message).to.match(message);
    });
  }
});

interface Changes extends Partial<CreateTransformJobRequest> {
  input?: string;
  split?: "Line" | "None" | "RecordIO";
  accept?: string;
}

describe("batches of records", () => {
  /** Two requests' worth of lines, in chunks that cut them anywhere. */
  async function* chunks(content: string, size: number): AsyncGenerator<Buffer> {
    for (let start = 0; start < content.length; start += size)
      yield await Promise.resolve(Buffer.from(content.slice(start, start + size)));
  }

  for (const size of [1, 2, 3, 7, 100]) {
    it(`neither loses nor cuts a line when it reads ${size} bytes at a time`, async () => {
      const content = "one\n\ntwo\nthree\nfour";
      const bodies: string[] = [];
      const batching = { split: "Line", strategy: "MultiRecord", maxBytes: 9 } as const;
      for await (const body of batches(chunks(content, size), batching)) bodies.push(body.toString());
      expect(bodies).to.deep.equal(["one\n\ntwo\n", "three\n", "four"]);
    });
  }

  for (const strategy of ["MultiRecord", "SingleRecord"] as const) {
    it(`takes a line that just fits and refuses a longer one, ${strategy}`, async () => {
      const sizes = async (content: string) => {
        const found: number[] = [];
        const batching = { split: "Line", strategy, maxBytes: 4 } as const;
        for await (const body of batches(chunks(content, 3), batching)) found.push(body.length);
        return found;
      };
      expect(await sizes("abc\ndef\nghij")).to.deep.equal([4, 4, 4]);
      const error = await failure(sizes("abc\ndefg\n"));
      expect(error.message).to.contain("more than the 4 bytes of a request");
    });
  }
});
