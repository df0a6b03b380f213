import { APIGatewayClient, GetRestApisCommand } from "@aws-sdk/client-api-gateway";
import { DescribeRepositoriesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { EventBridgeClient, ListRulesCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import {
  DeleteEndpointCommand,
  DescribeEndpointCommand,
  DescribeTrainingJobCommand,
  ListEndpointConfigsCommand,
  ListEndpointsCommand,
  ListModelsCommand,
  ListTrainingJobsCommand,
  SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { ListTopicsCommand, SNSClient } from "@aws-sdk/client-sns";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetParametersByPathCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { expect } from "chai";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Architecture } from "../../automation/diagram/draw";
import { setTimeout as sleep } from "node:timers/promises";
import { type Latency } from "../../automation/logs/latency";
import { type Answer, isClass } from "../../automation/prediction";
import { run } from "../../automation/run";
import { Laptop, root } from "./laptop";

interface Demo {
  release: string;
  trained: boolean;
  deployed: boolean;
  predictionUrl: string;
  apiKey: string;
  answer: Answer;
  metrics: Record<string, number>;
  inboxUrl: string;
  curl: string;
  email: { to: string; subject: string };
}

interface Mail {
  to: string;
  subject: string;
  body: string;
  attributes: Record<string, string>;
}

describe("the demo", function () {
  this.timeout(180_000);
  const laptop = new Laptop();
  let demo: Demo;

  before(async () => {
    demo = await laptop.json<Demo>("demo");
  });
  after(() => laptop.remove());

  describe("once", () => {
    it("trains and serves a model that beats both baselines, and predicts in dollars", () => {
      expect(demo).to.deep.include({ trained: true, deployed: true });
      expect(demo.metrics["test:mae"]).to.be.below(demo.metrics["test:mae_distance_baseline"]!);
      expect(demo.metrics["test:mae_distance_baseline"]).to.be.below(
        demo.metrics["test:mae_median_baseline"]!,
      );
      const [prediction] = demo.answer.predictions;
      if (prediction === undefined || isClass(prediction)) throw new Error("the answer holds no number");
      expect(prediction.unit).to.equal("USD");
      expect(prediction.value).to.be.within(prediction.lower, prediction.upper);
      expect(demo.answer.release).to.equal(demo.release);
    });

    it("prints a curl line that gets a prediction; without the key 403, with a wrong field 400", async () => {
      const curl = async (line: string) => {
        const { stdout } = await run("bash", ["-c", `${line} -w '\\n%{http_code}'`]);
        const [status, ...body] = stdout.split("\n").reverse();
        return { status, body: JSON.parse(body.reverse().join("\n")) as Record<string, unknown> };
      };
      expect(await curl(demo.curl)).to.deep.nested.include({ status: "200", "body.release": demo.release });
      expect((await curl(demo.curl.replace(/-H 'x-api-key: [^']*'/, ""))).status).to.equal("403");
      const wrong = await curl(demo.curl.replace('"distance":1.6', '"distance":-1.6'));
      expect(wrong.status).to.equal("400");
      expect(JSON.stringify(wrong.body)).to.include("distance").and.to.include("-1.6");
    });

    it("shows the logs of its stages, and follows them until Ctrl-C, of which it says nothing", async () => {
      interface Logs {
        lines: { stage: string; message: string | { message?: string; requestId?: string } }[];
      }
      const { lines: training } = await laptop.json<Logs>("logs", "local", "training");
      expect(training.map(({ message }) => message)).to.include("metric train:rows=4503");
      const all = await laptop.json<Logs>("logs", "local", "--since", "1h");
      const stages = all.lines.map(({ stage }) => stage);
      expect(stages).to.include.members([
        "processing",
        "training",
        "endpoint",
        "events",
        "predict",
        "publish",
      ]);
      const said = (line: Logs["lines"][number]) => typeof line.message === "object" && line.message;
      const predicted = all.lines.map(said).filter((one) => one && one.message === "predicted");
      expect(predicted).to.not.be.empty;

      const ctrlC = new AbortController();
      const following = laptop.slipway(["logs", "local", "predict", "--follow", "--since", "1s"], {
        signal: ctrlC.signal,
      });
      for (let asked = 0; asked < 6; asked++) {
        await sleep(1000); // it says nowhere from when on it listens
        await run("bash", ["-c", demo.curl]);
      }
      ctrlC.abort();
      const { stdout, stderr } = await following;
      expect(stdout)
        .to.match(/^\S+Z predict info {3}predicted requestId=\S+ isProbe=false release=/m)
        .and.not.match(/^START/m);
      expect(stderr).to.equal("");
    });

    it("has the emails of release and prediction in the inbox", async () => {
      const mails = await laptop.json<Mail[]>("inbox", "local", "--limit", "20");
      const kinds = mails.map(({ attributes }) => attributes.kind);
      expect(kinds).to.include("release.deployed").and.to.include("prediction.results");
      const deployed = mails.find(({ attributes }) => attributes.kind === "release.deployed");
      expect(deployed?.to).to.equal("you@example.com");
      expect(deployed?.body)
        .to.include(demo.release)
        .and.to.include(demo.predictionUrl)
        .and.to.include("USD");
      expect(JSON.stringify(mails)).not.to.include(demo.apiKey);
    });

    it("says what is served and what it was made from", async () => {
      interface Status {
        release: string;
        endpoint: { name: string; status: string };
        model: { name: string; artifact: string };
        image: string;
        data: { snapshot: string; objects: { key: string; sha256: string }[] };
      }
      const status = await laptop.json<Status>("status", "local");
      expect(status.release).to.equal(demo.release);
      expect(status.endpoint).to.deep.include({ name: "slipway-local-serverless", status: "InService" });
      expect(status.model.artifact).to.match(/^s3:\/\/.+\/model\.tar\.gz$/);
      expect(status.image).to.match(/@sha256:[0-9a-f]{64}$/);
      expect(status.data.objects.map(({ key }) => key)).to.deep.equal(["raw/s3/2019-03-31/taxis.csv"]);
    });

    it("says when it is asked how long predictions took", async () => {
      const { latency } = await laptop.json<{ latency: Latency }>("status", "local", "--latency");
      expect(latency.spans).to.have.length(30);
      expect(latency.spans.reduce((sum, { measured }) => sum + measured, 0)).to.equal(latency.measured);
      expect(latency.p50).to.be.above(0).and.at.most(latency.p95!);
      const { stdout } = await laptop.slipway(["status", "local", "--latency"]);
      expect(stdout).to.match(
        /^latency +half within [\d.]+ ms, 95 of 100 within [\d.]+ ms \(last 60 minutes/m,
      );
    });

    it("changes nothing when it is brought up again, and what is served stays", async () => {
      const { changes } = await laptop.json<{ changes: Record<string, number> }>("up", "local");
      expect(Object.keys(changes)).to.deep.equal(["same"]);
      expect((await laptop.json<Answer>("predict", "local")).release).to.equal(demo.release);
    });

    it("is drawn alike from its state and from a preview, which would change nothing", async () => {
      const draw = (...options: string[]) =>
        laptop.json<Architecture & { files: string[] }>(
          "diagram",
          ...["local", "--output", laptop.home, ...options],
        );
      const [state, preview] = [await draw(), await draw("--diff")];
      expect(preview.changes).to.deep.equal({});
      expect(preview.edges).to.deep.equal(state.edges);
      expect(state.edges.filter(({ unknown }) => unknown)).to.deep.equal([]);
      expect(state.edges).to.deep.include({ from: "data", to: "jobs", what: "snapshots" });
      expect(state.files).to.have.length(2);
      for (const file of [...state.files, ...preview.files])
        expect(readFileSync(join(root, file), "utf8")).to.include('data-name="endpoint"');
    });

    it("trains nothing and deploys nothing the second time", async () => {
      const client = new SageMakerClient(await laptop.client("sagemaker"));
      const jobs = async () =>
        (await client.send(new ListTrainingJobsCommand({}))).TrainingJobSummaries?.length;
      const before = await jobs();
      const again = await laptop.json<Demo>("demo");
      expect(again).to.deep.include({ release: demo.release, trained: false, deployed: false });
      expect(await jobs()).to.equal(before);
    });

    it("has no changes for the stock CLI either", async function () {
      const host = (process.env.PATH ?? "")
        .split(delimiter)
        .some((dir) => existsSync(join(dir, "pulumi-language-nodejs")));
      if (!host) this.skip(); // no installation of Pulumi with a language host on this machine
      const { stdout: env } = await laptop.slipway(["local", "env"]);
      const { code, stdout, stderr } = await run("bash", [
        "-c",
        `cd "${root}" && eval "$1" && pulumi preview --stack local --expect-no-changes --non-interactive`,
        "bash",
        env,
      ]);
      expect(code, stdout + stderr).to.equal(0);
    });

    describe("asked by a data scientist", () => {
      interface HowTo {
        endpoint: string;
        roleArn: string;
        release: string;
        cli: string;
        python: string;
      }
      let howTo: HowTo;
      /** A user of the account who may do nothing but assume the role. */
      let user: Record<string, string>;

      before(async () => {
        howTo = await laptop.json<HowTo>("endpoint", "local");
        const iam = new IAMClient(await laptop.client("iam"));
        const UserName = "ada";
        await iam.send(new CreateUserCommand({ UserName }));
        const statement = { Effect: "Allow", Action: "sts:AssumeRole", Resource: howTo.roleArn };
        const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
        await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "assume", PolicyDocument }));
        const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
        user = {
          AWS_ACCESS_KEY_ID: AccessKey!.AccessKeyId!,
          AWS_SECRET_ACCESS_KEY: AccessKey!.SecretAccessKey!,
        };
      });

      /** Runs a program as that user, with nothing of the laptop in its environment. */
      const asUser = (command: string, script: string) =>
        run(command, ["-c", script], {
          cwd: laptop.home,
          env: { PATH: `${join(root, ".venv", "bin")}:${process.env.PATH}`, HOME: laptop.home, ...user },
        });

      it("answers what 'slipway endpoint' prints, pasted into a shell and into Python", async () => {
        expect(howTo.release).to.equal(demo.release);
        const python = await asUser("python", howTo.python);
        expect(python.code, python.stderr).to.equal(0);
        const [predicted] = (JSON.parse(python.stdout) as Answer).predictions;
        expect(predicted?.value).to.equal(demo.answer.predictions[0]?.value);
        const cli = await asUser("bash", howTo.cli);
        expect(cli.code, cli.stderr).to.equal(0);
        expect(cli.stdout).to.include(demo.release).and.include(python.stdout.trim());
      });

      it("lets the role describe the endpoint, and refuses it anything else", async () => {
        const { endpoint: EndpointName, roleArn: RoleArn } = howTo;
        const credentialsOf = (id: string, secret: string) => ({ accessKeyId: id, secretAccessKey: secret });
        const own = credentialsOf(user.AWS_ACCESS_KEY_ID!, user.AWS_SECRET_ACCESS_KEY!);
        const sts = new STSClient({ ...(await laptop.client("sts")), credentials: own });
        const { Credentials } = await sts.send(
          new AssumeRoleCommand({ RoleArn, RoleSessionName: "ada", DurationSeconds: 900 }),
        );
        const credentials = {
          ...credentialsOf(Credentials!.AccessKeyId!, Credentials!.SecretAccessKey!),
          sessionToken: Credentials!.SessionToken!,
        };
        const sagemaker = new SageMakerClient({ ...(await laptop.client("sagemaker")), credentials });
        const withoutRole = new SageMakerClient({ ...(await laptop.client("sagemaker")), credentials: own });
        const runtime = new SageMakerRuntimeClient({ ...(await laptop.client("sagemaker")), credentials });
        const { EndpointStatus } = await sagemaker.send(new DescribeEndpointCommand({ EndpointName }));
        expect(EndpointStatus).to.equal("InService");
        const s3 = new S3Client({ ...(await laptop.client("s3")), credentials });
        const another = { EndpointName: "another", Body: "{}", ContentType: "application/json" };
        for (const refused of [
          () => sagemaker.send(new DeleteEndpointCommand({ EndpointName })),
          () => sagemaker.send(new ListEndpointsCommand({})),
          () => sagemaker.send(new DescribeEndpointCommand({ EndpointName: "another" })),
          () => runtime.send(new InvokeEndpointCommand(another)),
          () => s3.send(new ListBucketsCommand({})),
          () => withoutRole.send(new DescribeEndpointCommand({ EndpointName })),
        ])
          expect(
            await refused().then(
              () => "allowed",
              (error: Error) => error.message,
            ),
            refused.toString(),
          ).to.match(/not authorized to perform|access ?denied/i);
      });
    });

    it("sets bad rows' file aside with the reason, and goes on serving", async () => {
      const [header, ...rows] = readFileSync(join(root, "data", "taxis.csv"), "utf8").split("\n");
      const file = join(laptop.home, "renamed.csv");
      writeFileSync(file, [header!.replace("distance", "miles"), ...rows].join("\n"));
      const { code, stderr } = await laptop.slipway(["demo", "--data", file]);
      expect(code).to.equal(1);
      expect(stderr)
        .to.include("has no column 'distance'")
        .and.not.to.match(/^ {4}at /m);
      expect((await laptop.json<Answer>("predict", "local")).release).to.equal(demo.release);
    });

    it("refuses a second demo beside the first, naming it", async () => {
      const first = laptop.slipway(["demo"]);
      await until(() => existsSync(join(laptop.home, "local.lock")));
      const { code, stderr } = await laptop.slipway(["demo"]);
      expect(code).to.equal(1);
      expect(stderr).to.match(/'slipway demo local' is already running here \(process \d+\)/);
      expect((await first).code).to.equal(0);
    });
  });

  describe("without one statement of a policy", () => {
    /** Takes the statements that allow `action` out of the role's inline policies, runs `work`, and puts them back. */
    async function without(role: string, action: string, work: () => Promise<void>): Promise<void> {
      const iam = new IAMClient(await laptop.client("iam"));
      const { Roles = [] } = await iam.send(new ListRolesCommand({}));
      const RoleName = Roles.find(({ RoleName: name }) =>
        name?.startsWith(`slipway-local-${role}`),
      )?.RoleName;
      const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
      const restore: PutRolePolicyCommand[] = [];
      for (const PolicyName of PolicyNames) {
        const { PolicyDocument = "" } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
        const document = decodeURIComponent(PolicyDocument);
        const policy = JSON.parse(document) as { Statement: { Action: string | string[] }[] };
        const kept = policy.Statement.filter(({ Action }) => ![Action].flat().includes(action));
        if (kept.length === policy.Statement.length) continue;
        restore.push(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document }));
        const less = JSON.stringify({ ...policy, Statement: kept });
        const rest = { RoleName, PolicyName };
        if (kept.length === 0) await iam.send(new DeleteRolePolicyCommand(rest));
        else await iam.send(new PutRolePolicyCommand({ ...rest, PolicyDocument: less }));
      }
      expect(restore.length, `policies of ${RoleName} that allow ${action}`).to.be.above(0);
      try {
        await work();
      } finally {
        for (const command of restore) await iam.send(command);
      }
    }

    /** The demo with data that was not seen before (the last rows left out), so that it trains. */
    async function newDemo(rowsLess: number) {
      const rows = readFileSync(join(root, "data", "taxis.csv"), "utf8")
        .trimEnd()
        .split("\n");
      const file = join(laptop.home, `${rowsLess}-less.csv`);
      writeFileSync(file, rows.slice(0, -rowsLess).join("\n") + "\n");
      return laptop.slipway(["demo", "--data", file]);
    }

    for (const [role, action, rowsLess] of [
      ["jobs-role", "s3:GetObject", 1],
      ["jobs-role", "s3:PutObject", 2],
      ["api-predict-role", "sagemaker:InvokeEndpoint", 3],
      ["results-publish-role", "sns:Publish", 4],
    ] as const) {
      it(`fails naming ${action}`, () =>
        without(role, action, async () => {
          const { code, stderr } = await newDemo(rowsLess);
          expect(code).to.equal(1);
          expect(stderr.toLowerCase()).to.include(`not authorized to perform: ${action.toLowerCase()}`);
        }));
    }

    it("works again once the statement is back", async () => {
      expect((await newDemo(5)).code).to.equal(0);
    });
  });

  describe("in the end", () => {
    it("stops what it started when it is interrupted, and finishes when it is run again", async () => {
      const rows = readFileSync(join(root, "data", "taxis.csv"), "utf8")
        .trimEnd()
        .split("\n");
      const file = join(laptop.home, "interrupted.csv");
      writeFileSync(file, rows.slice(0, -9).join("\n") + "\n");
      const client = new SageMakerClient(await laptop.client("sagemaker"));
      const newest = async () => {
        const { TrainingJobSummaries } = await client.send(
          new ListTrainingJobsCommand({ SortBy: "CreationTime", SortOrder: "Descending", MaxResults: 1 }),
        );
        return TrainingJobSummaries?.[0]?.TrainingJobName;
      };
      const known = await newest();
      const lock = join(laptop.home, "local.lock");
      const demoing = laptop.slipway(["demo", "--data", file]);
      await until(async () => (await newest()) !== known);
      process.kill((JSON.parse(readFileSync(lock, "utf8")) as { pid: number }).pid, "SIGINT");
      const { code, stderr } = await demoing;
      expect(code, stderr).to.equal(130);
      expect(stderr).to.include("Run the same command again");
      const TrainingJobName = await newest();
      await until(async () => {
        const { TrainingJobStatus } = await client.send(new DescribeTrainingJobCommand({ TrainingJobName }));
        return TrainingJobStatus === "Stopped";
      });
      expect((await laptop.slipway(["demo", "--data", file])).code).to.equal(0);
    });

    it("goes back to an earlier release without training, and forth again, and tells the subscribers", async () => {
      const client = new SageMakerClient(await laptop.client("sagemaker"));
      const jobs = async () =>
        (await client.send(new ListTrainingJobsCommand({ MaxResults: 100 }))).TrainingJobSummaries?.length;
      const served = async () => (await laptop.json<Answer>("predict", "local")).release;
      const trainedBefore = await jobs();
      const last = await served();
      const { release } = await laptop.json<{ release: string }>(
        "rollback",
        "local",
        "--reason",
        "Just a test",
      );
      expect(release).not.to.equal(last);
      expect(await served()).to.equal(release);
      await laptop.json("rollback", "local", last);
      expect(await served()).to.equal(last);
      expect(await jobs()).to.equal(trainedBefore);
      const known = await laptop.json<{ release: string; served: boolean }[]>("releases", "local");
      expect(known.filter((each) => each.served).map((each) => each.release)).to.deep.equal([last]);
      await until(async () => {
        const mails = await laptop.json<Mail[]>("inbox", "local", "--limit", "50");
        const told = mails.filter(({ attributes }) => attributes.kind === "release.rolledback");
        return told.some(({ body }) => body.includes("Just a test") && body.includes(last));
      });
    });

    it("names the releases that there are when one is asked for that there is not", async () => {
      const { code, stderr } = await laptop.slipway(["rollback", "local", "0123456789ab"]);
      expect(code).to.equal(1);
      expect(stderr).to.match(/has no release '0123456789ab'\. It has [0-9a-f]{12}/);
    });

    it("leaves nothing behind when it is destroyed", async () => {
      const { code, stderr } = await laptop.slipway(["destroy", "local", "--yes"]);
      expect(code, stderr).to.equal(0);
      const client = (service: string) => laptop.client(service);
      const sagemaker = new SageMakerClient(await client("sagemaker"));
      const left = {
        buckets: (await new S3Client(await client("s3")).send(new ListBucketsCommand({}))).Buckets,
        roles: (await new IAMClient(await client("iam")).send(new ListRolesCommand({}))).Roles?.filter(
          ({ Path }) => !Path?.startsWith("/aws-service-role/"),
        ),
        functions: (await new LambdaClient(await client("lambda")).send(new ListFunctionsCommand({})))
          .Functions,
        queues: (await new SQSClient(await client("sqs")).send(new ListQueuesCommand({}))).QueueUrls ?? [],
        topics: (await new SNSClient(await client("sns")).send(new ListTopicsCommand({}))).Topics,
        apis:
          (await new APIGatewayClient(await client("api-gateway")).send(new GetRestApisCommand({}))).items ??
          [],
        rules: (await new EventBridgeClient(await client("events")).send(new ListRulesCommand({}))).Rules,
        repositories: (await new ECRClient(await client("ecr")).send(new DescribeRepositoriesCommand({})))
          .repositories,
        parameters: (
          await new SSMClient(await client("ssm")).send(
            new GetParametersByPathCommand({ Path: "/slipway", Recursive: true }),
          )
        ).Parameters,
        endpoints: (await sagemaker.send(new ListEndpointsCommand({}))).Endpoints,
        configurations: (await sagemaker.send(new ListEndpointConfigsCommand({}))).EndpointConfigs,
        models: (await sagemaker.send(new ListModelsCommand({}))).Models,
      };
      expect(left).to.deep.equal(Object.fromEntries(Object.keys(left).map((kind) => [kind, []])));
    });
  });
});

/** Waits until something is true; the test's own time-out is the limit. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 100));
}
