import { CreateRoleCommand, CreateUserCommand, DeleteRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { CreateKeyCommand, KMSClient, ScheduleKeyDeletionCommand } from "@aws-sdk/client-kms";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, DeleteTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { CreateQueueCommand, DeleteQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation";
import { expect } from "chai";
import { join } from "node:path";
import { findPulumi } from "../../automation/pulumi-cli/find";
import { createOutput } from "../../automation/output";
import program from "../../index";
import { clientConfig } from "../../local/state";
import { failure } from "../local/laptop";
import { Terraform } from "../local/terraform";
import { Workshop } from "./workshop";

const repository = "acme/slipway";

interface Outputs {
  state_url: string;
  secrets_provider: string;
  role_arns: Record<"preview" | "deploy-dev" | "deploy-main" | "deploy-pr", string>;
  workload_boundary_arn: string;
}

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");

/** A token as GitHub gives to a workflow; the laptop's STS checks what it says, not its signature. */
function token(subject: string, audience = "sts.amazonaws.com"): string {
  const claims = { iss: "https://token.actions.githubusercontent.com", aud: audience, sub: subject };
  return `${encode({ alg: "RS256", typ: "JWT" })}.${encode({ ...claims, exp: 4_102_444_800 })}.c2lnbmF0dXJl`;
}

describe("the bootstrap", function () {
  this.timeout(300_000);
  const workshop = new Workshop();
  let terraform: Terraform;
  let environment: Record<string, string>;
  let outputs: Outputs;

  before(async function () {
    if (!(await Terraform.isThere())) this.skip();
    await workshop.json("local", "start");
    environment = await workshop.json<Record<string, string>>("local", "env");
    terraform = new Terraform(join(workshop.folder, "terraform-bootstrap"), {
      ...environment,
      TF_VAR_github_repository: repository,
    });
    await terraform.init();
  });
  after(() => workshop.remove());

  const bucket = () => new URL(outputs.state_url).host;

  /** Clients of AWS with the credentials that a workflow with this token gets. */
  async function as(role: keyof Outputs["role_arns"], subject: string, audience?: string) {
    const state = await workshop.state();
    const { Credentials } = await new STSClient(clientConfig(state, "sts")).send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: outputs.role_arns[role],
        RoleSessionName: "workflow",
        WebIdentityToken: token(subject, audience),
      }),
    );
    const {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
    } = Credentials!;
    const credentials = {
      accessKeyId: accessKeyId!,
      secretAccessKey: secretAccessKey!,
      sessionToken: sessionToken!,
    };
    const config = (service: string) => ({ ...clientConfig(state, service), credentials });
    return {
      ...{
        iam: new IAMClient(config("iam")),
        s3: new S3Client(config("s3")),
        ssm: new SSMClient(config("ssm")),
        sqs: new SQSClient(config("sqs")),
        sns: new SNSClient(config("sns")),
        kms: new KMSClient(config("kms")),
      },
      environment: {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_SESSION_TOKEN: credentials.sessionToken,
      },
    };
  }
  const onDev = () => as("deploy-dev", `repo:${repository}:ref:refs/heads/dev`);
  const onEphemeral = () => as("deploy-pr", `repo:${repository}:environment:preview-stack`);
  const onPullRequest = () => as("preview", `repo:${repository}:pull_request`);

  it("is well written, and refuses a repository that would let others in", async () => {
    await terraform.succeed("fmt", "-check", "-recursive");
    await terraform.succeed("validate");
    const { code, stderr } = await terraform.run(
      "plan",
      "-no-color",
      "-input=false",
      "-var",
      "github_repository=acme/*",
    );
    expect(code).to.equal(1);
    expect(stderr).to.contain("Invalid value for variable").and.contain("acme/*");
  });

  it("makes everything at once, and then has nothing to do", async () => {
    await terraform.succeed("apply", "-input=false", "-auto-approve", "-parallelism=3");
    const { code, stdout } = await terraform.run("plan", "-input=false", "-detailed-exitcode");
    expect(code, stdout).to.equal(0);
    const answer = JSON.parse(await terraform.succeed("output", "-json")) as Record<
      string,
      { value: unknown }
    >;
    outputs = Object.fromEntries(
      Object.entries(answer).map(([name, { value }]) => [name, value]),
    ) as unknown as Outputs;
  });

  it("can take an OIDC provider that is there", async () => {
    const there = [
      "-var",
      "create_oidc_provider=false",
      "-target=data.aws_iam_openid_connect_provider.github",
    ];
    const { stdout, code, stderr } = await terraform.run("plan", "-no-color", "-input=false", ...there);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.contain("data.aws_iam_openid_connect_provider.github[0]: Read complete");
  });

  it("lets each role be assumed by its own branch, pull request or environment, and by nothing else", async () => {
    await onDev();
    await onPullRequest();
    await as("preview", `repo:${repository}:ref:refs/heads/main`); // each night
    await as("deploy-main", `repo:${repository}:environment:main`);
    await onEphemeral();
    const strangers = [
      ["deploy-dev", `repo:${repository}:ref:refs/heads/main`],
      ["deploy-dev", `repo:${repository}:ref:refs/heads/dev2`],
      ["deploy-dev", `repo:${repository}:pull_request`],
      ["deploy-dev", "repo:fork/slipway:ref:refs/heads/dev"],
      ["deploy-main", `repo:${repository}:ref:refs/heads/main`],
      ["deploy-main", `repo:${repository}:environment:dev`],
      ["preview", "repo:fork/slipway:pull_request"],
      ["preview", `repo:${repository}:ref:refs/heads/main2`],
      ["preview", "repo:fork/slipway:ref:refs/heads/main"],
      ["deploy-pr", `repo:${repository}:pull_request`],
      ["deploy-pr", `repo:${repository}:environment:main`],
      ["deploy-pr", `repo:${repository}:ref:refs/heads/main`],
      ["deploy-pr", "repo:fork/slipway:environment:preview-stack"],
    ] as const;
    for (const [role, subject] of strangers) {
      const refused = await failure(as(role, subject));
      expect(refused.name, `${role} by ${subject}`).to.equal("AccessDenied");
    }
    const elsewhere = await failure(as("deploy-dev", `repo:${repository}:ref:refs/heads/dev`, "elsewhere"));
    expect(elsewhere.name).to.equal("AccessDenied");
  });

  /** The stack dev of the stock CLI: state in the bucket, secrets by the key, all done as the role of its branch. */
  async function openStack(): Promise<Stack> {
    const { environment: credentials } = await onDev();
    const workspace = await LocalWorkspace.create({
      workDir: workshop.folder,
      pulumiCommand: await findPulumi(createOutput(true)),
      secretsProvider: outputs.secrets_provider,
      envVars: {
        ...{ ...environment, ...credentials, PULUMI_BACKEND_URL: `${outputs.state_url}&use_path_style=true` },
        PULUMI_CONFIG_PASSPHRASE: "", // nothing is encrypted by it
      },
      program,
    });
    return Stack.createOrSelect("dev", workspace);
  }

  it("gives the role of dev all that it takes to bring the stack up and down, and to keep its secrets", async () => {
    workshop.configure("dev", { permissionsBoundary: outputs.workload_boundary_arn });
    const stack = await openStack();
    await stack.up();
    await stack.preview({ expectNoChanges: true });
    const { apiKey } = await stack.outputs();
    const { s3 } = await onDev();
    const state = await s3.send(
      new GetObjectCommand({ Bucket: bucket(), Key: ".pulumi/stacks/slipway/dev.json" }),
    );
    const text = (await state.Body?.transformToString()) ?? "";
    expect(apiKey?.secret).to.equal(true);
    expect(text).to.contain("awskms://");
    expect(text).not.to.contain(apiKey?.value as string);
    await stack.destroy();
  });

  it("gives it no more: no user, no role without a boundary, no other stack's state", async () => {
    const { iam, s3 } = await onDev();
    const user = await failure(iam.send(new CreateUserCommand({ UserName: "ann" })));
    const role = await failure(
      iam.send(new CreateRoleCommand({ RoleName: "slipway-dev-mine", AssumeRolePolicyDocument: "{}" })),
    );
    const main = { Bucket: bucket(), Key: ".pulumi/stacks/slipway/main.json", Body: "{}" };
    const state = await failure(s3.send(new PutObjectCommand(main)));
    expect([user.name, role.name, state.name]).to.deep.equal([
      "AccessDenied",
      "AccessDenied",
      "AccessDenied",
    ]);
  });

  it("keeps it from what main has in the same account: role, queue, topic, key", async () => {
    const config = (service: string) => clientConfig(state, service);
    const state = await workshop.state();
    const RoleName = "slipway-main-jobs-role-0a1b";
    const trust = { Version: "2012-10-17", Statement: [] };
    await new IAMClient(config("iam")).send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }),
    );
    const { QueueUrl } = await new SQSClient(config("sqs")).send(
      new CreateQueueCommand({ QueueName: "slipway-main-results-queue-0a1b" }),
    );
    const { TopicArn } = await new SNSClient(config("sns")).send(
      new CreateTopicCommand({ Name: "slipway-main-results-topic-0a1b" }),
    );
    const Tags = [
      { TagKey: "Project", TagValue: "slipway" },
      { TagKey: "Stack", TagValue: "main" },
    ];
    const { KeyMetadata } = await new KMSClient(config("kms")).send(new CreateKeyCommand({ Tags }));

    for (const [stack, role] of [
      ["dev", onDev],
      ["pr-7", onEphemeral],
    ] as const) {
      const { iam, sqs, sns, kms } = await role();
      const refused = {
        role: iam.send(new DeleteRoleCommand({ RoleName })),
        message: sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "{}" })),
        queue: sqs.send(new DeleteQueueCommand({ QueueUrl })),
        topic: sns.send(new DeleteTopicCommand({ TopicArn })),
        key: kms.send(new ScheduleKeyDeletionCommand({ KeyId: KeyMetadata?.KeyId })),
      };
      for (const [what, asked] of Object.entries(refused)) {
        const answer = await asked.then(
          () => "allowed",
          (error: Error) => error.name,
        );
        expect(answer, `${what} of main by ${stack}`).to.match(/AccessDenied|AuthorizationError/);
      }

      const QueueName = `slipway-${stack}-results-queue-0a1b`;
      const own = await sqs.send(new CreateQueueCommand({ QueueName }));
      await sqs.send(new DeleteQueueCommand({ QueueUrl: own.QueueUrl }));
    }
  });

  it("lets the role of pull requests' stacks change these, by name, tag and state, and no others", async () => {
    const { kms, s3, sqs } = await onEphemeral();
    const key = async (stack: string) => {
      const Tags = [
        { TagKey: "Project", TagValue: "slipway" },
        { TagKey: "Stack", TagValue: stack },
      ];
      const client = new KMSClient(clientConfig(await workshop.state(), "kms"));
      return (await client.send(new CreateKeyCommand({ Tags }))).KeyMetadata!.KeyId!;
    };
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId: await key("pr-7") }));
    const dev = await failure(kms.send(new ScheduleKeyDeletionCommand({ KeyId: await key("dev") })));
    expect(dev.name).to.match(/AccessDenied/);

    const state = (stack: string) => ({ Bucket: bucket(), Key: `.pulumi/stacks/slipway/${stack}.json` });
    await s3.send(new PutObjectCommand({ ...state("pr-7"), Body: "{}" }));
    await s3.send(new DeleteObjectCommand(state("pr-7")));
    for (const stack of ["dev", "main"]) {
      const refused = await failure(s3.send(new PutObjectCommand({ ...state(stack), Body: "{}" })));
      expect(refused.name, stack).to.equal("AccessDenied");
    }
    const queue = await failure(sqs.send(new CreateQueueCommand({ QueueName: "slipway-prod-queue" })));
    expect(queue.name).to.match(/AccessDenied/);
  });

  it("lets a pull request read, and change nothing", async () => {
    const { s3, ssm } = await onPullRequest();
    const Bucket = bucket();
    await s3.send(new GetObjectCommand({ Bucket, Key: ".pulumi/stacks/slipway/dev.json" }));
    const state = { Bucket, Key: ".pulumi/stacks/slipway/dev.json", Body: "{}" };
    const written = await failure(s3.send(new PutObjectCommand(state)));
    const parameter = {
      Name: "/slipway/dev/release",
      Value: "other",
      Type: "String",
      Overwrite: true,
    } as const;
    const set = await failure(ssm.send(new PutParameterCommand(parameter)));
    expect(written.name).to.equal("AccessDenied");
    expect(set.name).to.equal("AccessDeniedException");
  });

  it("is not destroyed while stacks depend on it, not even in part", async () => {
    const { code, stderr } = await terraform.run("destroy", "-input=false", "-auto-approve");
    expect(code).to.equal(1);
    expect(stderr).to.contain("prevent_destroy");
    const plan = await terraform.run("plan", "-refresh=false", "-input=false", "-detailed-exitcode");
    expect(plan.code, plan.stdout).to.equal(0);
  });
});
