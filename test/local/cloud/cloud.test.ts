import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  FilterLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreatePolicyCommand, CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { DescribeModelCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import {
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { expect } from "chai";
import { confirmSubscription, type Email, listEmails, waitForEmail } from "../../../local/inbox/client";
import { clientConfig } from "../../../local/state";
import { failure, type Laptop, startLaptop } from "../laptop";

const region = "us-east-1";
const account = "000000000000";
const confirmationSubject = "AWS Notification - Subscription Confirmation";

describe("local cloud", function () {
  this.timeout(20_000);
  let laptop: Laptop;
  before(async () => (laptop = await startLaptop("inbox", "cloud")));
  after(() => laptop?.stop());

  const call = async (path: string, body: unknown) => {
    const answer = await fetch(`${laptop.state.cloudUrl}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };

  it("does once what an SDK asks for again because the answer was lost, and refuses who asks anew", async () => {
    const iam = new IAMClient(clientConfig(laptop.state));
    let attempts = 0;
    iam.middlewareStack.add(
      (next) => async (request) => {
        const answer = await next(request);
        if (++attempts === 1) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
        return answer;
      },
      { step: "finalizeRequest", priority: "low", name: "loseTheFirstAnswer" },
    );
    const allow = { Effect: "Allow", Action: "s3:GetObject", Resource: "*" };
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [allow] });
    const asked = new CreatePolicyCommand({ PolicyName: "once", PolicyDocument });
    const { Policy } = await iam.send(asked);
    expect(attempts).to.equal(2);
    expect(Policy!.Arn).to.equal(`arn:aws:iam::${account}:policy/once`);
    const anew = await failure(iam.send(new CreatePolicyCommand({ PolicyName: "once", PolicyDocument })));
    expect(anew.name).to.match(/^EntityAlreadyExists/);
  });

  describe("authorize", () => {
    const arn = (model: string) => `arn:aws:sagemaker:${region}:${account}:model/${model}`;
    interface Credentials {
      accessKeyId: string;
      secretAccessKey: string;
      sessionToken?: string;
    }
    let recorder: Recorder;
    let session: Credentials;

    before(async () => {
      recorder = await Recorder.start();
      session = await assumeRole();
    });
    after(() => recorder?.stop());

    async function assumeRole(): Promise<Credentials> {
      const iam = new IAMClient(clientConfig(laptop.state));
      const document = (statement: object) =>
        JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
      const trust = { Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" };
      const { Role } = await iam.send(
        new CreateRoleCommand({ RoleName: "reader", AssumeRolePolicyDocument: document(trust) }),
      );
      const policy = { Effect: "Allow", Action: "sagemaker:DescribeModel", Resource: arn("fare-*") };
      await iam.send(
        new PutRolePolicyCommand({
          RoleName: "reader",
          PolicyName: "read",
          PolicyDocument: document(policy),
        }),
      );
      const sts = new STSClient(clientConfig(laptop.state));
      const { Credentials: given } = await sts.send(
        new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: "test" }),
      );
      if (!given?.AccessKeyId || !given.SecretAccessKey) throw new Error("no credentials");
      const {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: sessionToken,
      } = given;
      return { accessKeyId, secretAccessKey, sessionToken };
    }

    /** What the local SageMaker would ask about a request that the AWS SDK has signed and sent. */
    async function ask(
      credentials: Credentials,
      resource = arn("fare-1"),
      change?: (sent: Recorded) => void,
    ) {
      const client = new SageMakerClient({ region, endpoint: recorder.url, credentials });
      await client.send(new DescribeModelCommand({ ModelName: "fare-1" }));
      const sent = recorder.last();
      change?.(sent);
      return (await call("/_slipway/authorize", { ...sent, action: "sagemaker:DescribeModel", resource }))
        .body;
    }

    it("allows root, and a role's session what its policy allows", async () => {
      expect(await ask(laptop.state)).to.deep.include({ allowed: true });
      expect(await ask(session)).to.deep.include({
        allowed: true,
        principal: `arn:aws:sts::${account}:assumed-role/reader/test`,
      });
    });

    it("refuses what the policy does not allow, in AWS's words", async () => {
      const answer = await ask(session, arn("other"));
      expect(answer).to.deep.include({ allowed: false, code: "AccessDeniedException" });
      expect(answer.message).to.contain(
        "is not authorized to perform: sagemaker:DescribeModel on resource: " + arn("other"),
      );
    });

    it("refuses an unknown key", async () => {
      const answer = await ask({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" });
      expect(answer.allowed).to.equal(false);
      expect(answer.code).to.be.oneOf(["InvalidClientTokenId", "UnrecognizedClientException"]);
    });

    it("refuses a wrong signature", async () => {
      const answer = await ask({ ...session, secretAccessKey: "guessed" });
      expect(answer.allowed).to.equal(false);
      expect(answer.code).to.match(/Signature/);
    });

    it("refuses a body that is not the signed one", async () => {
      const answer = await ask(
        session,
        undefined,
        (sent) => (sent.bodyBase64 = Buffer.from("{}").toString("base64")),
      );
      expect(answer.allowed).to.equal(false);
      expect(answer.code).to.match(/Signature/);
    });

    it("refuses a request without credentials", async () => {
      const answer = await ask(session, undefined, (sent) => delete sent.headers.authorization);
      expect(answer.allowed).to.equal(false);
      expect(answer.code).to.match(/MissingAuthenticationToken/);
    });

    it("answers 400 to what is no question", async () => {
      expect((await call("/_slipway/authorize", { method: "POST" })).status).to.equal(400);
    });
  });

  it("puts an event of an AWS service on the bus; a rule takes it to a queue and a log group", async () => {
    const { state } = laptop;
    const sqs = new SQSClient(clientConfig(state));
    const logs = new CloudWatchLogsClient(clientConfig(state));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "job-events" }));
    await logs.send(new CreateLogGroupCommand({ logGroupName: "/aws/events/jobs" }));
    const events = new EventBridgeClient(clientConfig(state));
    const pattern = { source: ["aws.sagemaker"], detail: { TrainingJobStatus: ["Failed"] } };
    await events.send(new PutRuleCommand({ Name: "failed-jobs", EventPattern: JSON.stringify(pattern) }));
    await events.send(
      new PutTargetsCommand({
        Rule: "failed-jobs",
        Targets: [
          { Id: "queue", Arn: `arn:aws:sqs:${region}:${account}:job-events` },
          { Id: "log", Arn: `arn:aws:logs:${region}:${account}:log-group:/aws/events/jobs` },
        ],
      }),
    );
    for (const status of ["Completed", "Failed"]) {
      const answer = await call("/_slipway/events", {
        source: "aws.sagemaker",
        "detail-type": "SageMaker Training Job State Change",
        resources: ["arn:aws:sagemaker:us-east-1:000000000000:training-job/one"],
        detail: { TrainingJobName: "one", TrainingJobStatus: status },
      });
      expect(answer.body).to.deep.include({ FailedEntryCount: 0 });
    }
    const expected = {
      source: "aws.sagemaker",
      "detail-type": "SageMaker Training Job State Change",
      account,
      region,
      detail: { TrainingJobName: "one", TrainingJobStatus: "Failed" },
    };
    const received = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    expect(received.Messages?.map(({ Body }) => parsed(Body))).to.have.length(1);
    expect(parsed(received.Messages?.[0]?.Body)).to.deep.include(expected);
    const logged = await logs.send(new FilterLogEventsCommand({ logGroupName: "/aws/events/jobs" }));
    expect(logged.events).to.have.length(1);
    expect(parsed(logged.events?.[0]?.message)).to.deep.include(expected);
  });

  describe("SNS email", () => {
    let sns: SNSClient;
    let topic: string;
    let count = 0;
    beforeEach(async () => {
      sns = new SNSClient(clientConfig(laptop.state));
      topic = (await sns.send(new CreateTopicCommand({ Name: `results-${++count}` }))).TopicArn ?? "";
    });

    const subscribe = (Endpoint: string, Attributes?: Record<string, string>, Protocol = "email") =>
      sns.send(
        new SubscribeCommand({
          TopicArn: topic,
          Protocol,
          Endpoint,
          Attributes,
          ReturnSubscriptionArn: true,
        }),
      );
    const publish = (
      Message: string,
      severity = "info",
      more: { MessageStructure?: string; Subject?: string } = {},
    ) =>
      sns.send(
        new PublishCommand({
          TopicArn: topic,
          Message,
          MessageAttributes: { severity: { DataType: "String", StringValue: severity } },
          ...more,
        }),
      );
    const comes = (matches: (email: Email) => boolean) =>
      waitForEmail(laptop.state.inboxUrl, (email) => email.topicArn === topic && matches(email), 5000);
    const confirmationComes = (to: string) =>
      comes((email) => email.to === to && email.subject === confirmationSubject);
    const pending = async (SubscriptionArn?: string) =>
      (await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))).Attributes
        ?.PendingConfirmation;
    /** Subscribes and confirms. */
    const join = async (to: string, attributes?: Record<string, string>, protocol?: string) => {
      const { SubscriptionArn } = await subscribe(to, attributes, protocol);
      await confirmSubscription(await confirmationComes(to));
      return SubscriptionArn;
    };

    it("leaves a subscription pending until its link is opened, which may be done twice", async () => {
      const answer = await sns.send(
        new SubscribeCommand({ TopicArn: topic, Protocol: "email", Endpoint: "ann@example.com" }),
      );
      expect(answer.SubscriptionArn).to.equal("pending confirmation");
      const { SubscriptionArn } = await subscribe("ann@example.com");
      expect(await pending(SubscriptionArn)).to.equal("true");
      await publish("too early");

      const confirmation = await confirmationComes("ann@example.com");
      expect(confirmation.body).to.contain(topic).and.contain(confirmation.confirmationUrl);
      await confirmSubscription(confirmation);
      await confirmSubscription(confirmation);
      expect(await pending(SubscriptionArn)).to.equal("false");
      expect((await subscribe("ann@example.com")).SubscriptionArn).to.equal(SubscriptionArn);

      await publish("in time");
      await comes(({ body }) => body.startsWith("in time"));
      const all = await listEmails(laptop.state.inboxUrl, { text: topic });
      expect(all.filter(({ body }) => body.includes("too early"))).to.be.empty;
    });

    it("confirms by the API with the link's token, as a program does", async () => {
      const { SubscriptionArn } = await subscribe("bob@example.com");
      const { confirmationUrl } = await confirmationComes("bob@example.com");
      const Token = new URL(confirmationUrl ?? "").searchParams.get("Token") ?? "";
      await sns.send(
        new ConfirmSubscriptionCommand({ TopicArn: topic, Token, AuthenticateOnUnsubscribe: "true" }),
      );
      expect(await pending(SubscriptionArn)).to.equal("false");
      await publish("hello");
      const { unsubscribeUrl } = await comes(({ body }) => body.startsWith("hello"));
      expect((await fetch(unsubscribeUrl ?? "")).status).to.equal(403);
      expect(await pending(SubscriptionArn)).to.equal("false");
    });

    it("refuses a link with a wrong token, and what is no address", async () => {
      await subscribe("ann@example.com");
      const email = await confirmationComes("ann@example.com");
      const wrong = email.confirmationUrl?.replace(/Token=\w+/, "Token=guessed");
      expect((await failure(confirmSubscription({ ...email, confirmationUrl: wrong }))).message).to.contain(
        "404",
      );
      expect((await failure(subscribe("nobody"))).message).to.contain("Email address");
    });

    it("sends what the filter policy lets through, in the text for people, with attributes and footer", async () => {
      await join("ann@example.com", { FilterPolicy: JSON.stringify({ severity: ["error"] }) });
      const message = JSON.stringify({ default: "{}", email: "The endpoint is slow." });
      await publish("filtered out");
      await publish(message, "error", { MessageStructure: "json", Subject: "Alarm" });
      const email = await comes(({ subject }) => subject === "Alarm");
      expect(email.body).to.match(/^The endpoint is slow\.\n\n--\nIf you wish to stop receiving/);
      expect(email.attributes).to.deep.equal({ severity: "error" });
      const all = await listEmails(laptop.state.inboxUrl, { text: "filtered out" });
      expect(all.filter(({ topicArn }) => topicArn === topic)).to.be.empty;
    });

    it("sends JSON to an email-json subscriber", async () => {
      await join("robot@example.com", undefined, "email-json");
      await publish("beep", "info", { Subject: "S" });
      const email = await comes(({ subject }) => subject === "S");
      expect(parsed(email.body)).to.deep.include({
        Type: "Notification",
        Message: "beep",
        TopicArn: topic,
        UnsubscribeURL: email.unsubscribeUrl,
      });
    });

    it("ends a subscription by the link in the footer", async () => {
      await join("ann@example.com");
      await publish("first");
      const { body, unsubscribeUrl } = await comes((email) => email.body.startsWith("first"));
      expect(body).to.contain(unsubscribeUrl);
      expect((await fetch(unsubscribeUrl ?? "")).status).to.equal(200);
      const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: topic }));
      expect(Subscriptions).to.be.empty;
      expect((await fetch(unsubscribeUrl ?? "")).status).to.equal(404);
    });

    it("keeps the order of what is published", async () => {
      await join("ann@example.com");
      for (let n = 0; n < 10; n++) await publish(`number ${n}.`);
      await comes(({ body }) => body.startsWith("number 9."));
      const all = await listEmails(laptop.state.inboxUrl, { text: "number" });
      const bodies = all.filter(({ topicArn }) => topicArn === topic).map(({ body }) => body.slice(0, 9));
      expect(bodies).to.deep.equal([...Array(10).keys()].reverse().map((n) => `number ${n}.`));
    });
  });
});

const parsed = (text = "") => JSON.parse(text) as Record<string, unknown>;

interface Recorded {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  bodyBase64: string;
}

/** A server that answers `{}` to everything and remembers the request as it came over the wire. */
class Recorder {
  private recorded: Recorded | undefined;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<Recorder> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const recorder = new Recorder(server, `http://127.0.0.1:${(server.address() as { port: number }).port}`);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { pathname, searchParams } = new URL(request.url ?? "/", recorder.url);
        recorder.recorded = {
          method: request.method ?? "",
          path: pathname,
          query: Object.fromEntries(searchParams),
          headers: { ...request.headers },
          bodyBase64: Buffer.concat(chunks).toString("base64"),
        };
        response.setHeader("content-type", "application/x-amz-json-1.1").end("{}");
      });
    });
    return recorder;
  }

  last(): Recorded {
    if (!this.recorded) throw new Error("nothing was sent");
    return this.recorded;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
