import { ListTrainingJobsCommand, SageMakerClient, StopTrainingJobCommand } from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer } from "../../automation/prediction";
import { readServing } from "../../automation/release/serving";
import { readState, writeState } from "../../local/state";
import { Workshop } from "./workshop";

interface Released {
  release: string;
  trained: boolean;
  deployed: boolean;
}

interface Status {
  release: string | null;
  deployment: { release: string; failure: string | null } | null;
}

const endpoint = "slipway-local-serverless";

/** What becomes of a release that does not come to its end by itself. */
describe("a release that is interrupted", function () {
  this.timeout(240_000);
  const workshop = new Workshop();
  let served: string;

  const newestTrainingJob = async (client: SageMakerClient) => {
    const newest = { SortBy: "CreationTime", SortOrder: "Descending", MaxResults: 1 } as const;
    return (await client.send(new ListTrainingJobsCommand(newest))).TrainingJobSummaries?.[0];
  };
  const sagemaker = async () => new SageMakerClient(await workshop.client("sagemaker"));
  const trainingJobs = async () =>
    (await (await sagemaker()).send(new ListTrainingJobsCommand({ MaxResults: 100 }))).TrainingJobSummaries
      ?.length ?? 0;

  /** Status and the public URL agree on what is served. */
  async function expectServed(release: string): Promise<void> {
    const [status, answer] = [
      await workshop.json<Status>("status", "local"),
      await workshop.json<Answer>("predict", "local"),
    ];
    expect(status).to.deep.include({ release, deployment: null });
    expect(answer.release).to.equal(release);
  }

  before(async () => {
    workshop.change(0);
    served = (await workshop.json<Released>("demo")).release;
  });
  after(() => workshop.remove());

  it("is finished when it is run again, killed after whichever of its steps, and trains once", async () => {
    workshop.change(1);
    const jobs = await trainingJobs();
    const steps = [
      ...["Freezing a data snapshot", "Processing job", "Training job", "Registering the model"],
      ...["Asking SageMaker what it serves", "Smoke test through the public URL", "Announcing it"],
    ];
    for (const step of steps) {
      expect(await killAfter(step), `it comes to the step '${step}'`).to.equal(true);
      // What serves goes on serving, whole.
      expect((await readServing(await sagemaker(), endpoint))?.status, `after '${step}'`).to.equal(
        "InService",
      );
    }
    const { release } = await workshop.json<Released>("release", "local");
    expect(release).not.to.equal(served);
    expect(await trainingJobs()).to.equal(jobs + 1);
    await expectServed(release);
    served = release;
  });

  it("is taken back by a rollback when it was killed while it was deployed", async () => {
    workshop.change(2);
    expect(await killAfter("Gate", 1500)).to.equal(true);
    const { release } = await workshop.json<{ release: string }>("rollback", "local");
    expect(release).to.equal(served);
    await expectServed(served);
  });

  it("leaves no lock behind when the Pulumi engine was killed with it", async () => {
    workshop.change(5);
    const killed = await run("Gate", (pid) => {
      const watch = setInterval(() => {
        const engine = lockHolder();
        if (!engine) return;
        clearInterval(watch);
        for (const each of [pid, engine]) process.kill(each, "SIGKILL");
      }, 20);
    });
    expect(killed.code).to.equal(null);
    expect(lockHolder()).to.be.above(0);
    const { release } = await workshop.json<{ release: string }>("rollback", "local");
    expect(release).to.equal(served);
    await expectServed(served);
  });

  it("stands while another one runs: the second is refused, naming the first", async () => {
    workshop.change(2);
    const first = workshop.slipway(["release", "local"]);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const second = await workshop.slipway(["rollback", "local"]);
    expect(second.code).to.equal(1);
    expect(second.stderr).to.match(/'slipway release local' is already running here \(process \d+\)/);
    expect((await first).code).to.equal(0);
    served = (await workshop.json<Status>("status", "local")).release!;
    await expectServed(served);
  });

  it("fails when its training job is stopped by somebody, and serves what was served", async () => {
    workshop.change(3);
    const client = await sagemaker();
    const known = await newestTrainingJob(client);
    const releasing = workshop.slipway(["release", "local"]);
    for (;;) {
      const newest = await newestTrainingJob(client);
      if (newest?.TrainingJobName !== known?.TrainingJobName && newest?.TrainingJobStatus === "InProgress") {
        await client.send(new StopTrainingJobCommand({ TrainingJobName: newest.TrainingJobName }));
        break;
      }
      await sleep(100);
    }
    const { code, stderr } = await releasing;
    expect(code).to.equal(1);
    expect(stderr).to.match(/train job .* stopped: it was stopped by somebody/);
    await expectServed(served);
  });

  it("says that the credentials have expired when they do midway, and goes on when they are renewed", async () => {
    workshop.change(4);
    const state = readState(workshop.home)!;
    let expired = false;
    const proxies = [state.cloudUrl, state.sagemakerUrl].map((url) => new Proxy(url, () => expired));
    const [cloudUrl, sagemakerUrl] = await Promise.all(proxies.map((proxy) => proxy.listen()));
    writeState({ ...state, cloudUrl: cloudUrl!, sagemakerUrl: sagemakerUrl! }, workshop.home);
    try {
      const releasing = run("Processing job", () => (expired = true));
      const { code, stderr } = await releasing;
      expect(code, stderr).to.equal(1);
      expect(stderr)
        .to.include("Your AWS credentials have expired")
        .and.to.include("run the same command again")
        .and.not.to.match(/^ {4}at /m);
    } finally {
      writeState(state, workshop.home);
      for (const proxy of proxies) proxy.close();
    }
    await expectServed(served);
    const { release } = await workshop.json<Released>("release", "local");
    expect(release).not.to.equal(served);
    await expectServed(release);
  });

  /** The process id of the engine that holds the stack's lock. */
  function lockHolder(): number | undefined {
    const locks = join(workshop.home, "pulumi", ".pulumi", "locks");
    const lock = readdirSync(locks, { recursive: true, withFileTypes: true }).find((file) => file.isFile());
    if (!lock) return undefined;
    return (JSON.parse(readFileSync(join(lock.parentPath, lock.name), "utf8")) as { pid: number }).pid;
  }

  /** Starts a release and calls `then` with its process id once a step is done. */
  function run(step: string, then: (pid: number) => void): Promise<{ code: number | null; stderr: string }> {
    const env = { ...process.env, SLIPWAY_LOCAL_HOME: workshop.home, NO_COLOR: "1" };
    const child = spawn(
      process.execPath,
      [join(workshop.folder, "automation", "bin.js"), "release", "local", "--json"],
      { cwd: workshop.folder, env, stdio: ["ignore", "ignore", "pipe"] },
    );
    let stderr = "";
    let told = false;
    child.stderr.on("data", (text: Buffer) => {
      stderr += text.toString();
      if (told || !stderr.includes(`✔ ${step}`)) return;
      told = true;
      then(child.pid!);
    });
    return new Promise((resolve) => child.once("close", (code) => resolve({ code, stderr })));
  }

  /** Starts a release and kills it, with no chance to clean up, once a step is done; false when it never came to it. */
  async function killAfter(step: string, milliseconds = 0): Promise<boolean> {
    let killed = false;
    await run(step, (pid) => {
      killed = true;
      setTimeout(() => process.kill(pid, "SIGKILL"), milliseconds);
    });
    return killed;
  }
});

/** What a service says whose protocol is JSON, and what S3 says. */
const refusal = (json: boolean) =>
  json
    ? '{"__type": "ExpiredTokenException", "message": "The security token included in the request is expired"}'
    : "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";

/** Stands before a server of the laptop cloud, and can refuse as AWS does when credentials have expired. */
class Proxy {
  private readonly server: Server;

  constructor(url: string, isExpired: () => boolean) {
    const { hostname: host, port } = new URL(url);
    this.server = createServer((incoming, outgoing) => {
      if (isExpired()) {
        outgoing.writeHead(400).end(refusal("x-amz-target" in incoming.headers));
        return;
      }
      const { method, url: path, headers } = incoming;
      const onward = request({ host, port, method, path, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      onward.on("error", () => outgoing.destroy());
      incoming.pipe(onward);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
