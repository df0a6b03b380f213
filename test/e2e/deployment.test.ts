import { DescribeEndpointCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer } from "../../automation/prediction";
import { Workshop } from "./workshop";

interface Demo {
  release: string;
  predictionUrl: string;
  apiKey: string;
}

interface Status {
  release: string | null;
  next: string | null;
  deployment: object | null;
}

/** Between two requests of a line: a few callers, who leave the machine to what they are to see. PAUSE_MS=0 for as many as it can. */
const pauseMs = Number(process.env.PAUSE_MS ?? 150);

/** Requests to the public URL, one after the other in a few lines, for as long as something else lasts. */
class Traffic {
  /** How often each release has answered. */
  readonly answers = new Map<string, number>();
  readonly failures: string[] = [];
  private stopped = false;
  private readonly lines: Promise<void>[];

  constructor(
    private readonly demo: Demo,
    lines = 4,
  ) {
    this.lines = Array.from({ length: lines }, () => this.line());
  }

  get count(): number {
    return this.failures.length + [...this.answers.values()].reduce((sum, each) => sum + each, 0);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.lines);
  }

  /** Says how many there were: a measurement, with BAKE_SECONDS for longer ones. */
  report(what: string): void {
    console.log(`      ${this.count} requests during a deployment (${what}), ${this.failures.length} failed`);
  }

  private async line(): Promise<void> {
    while (!this.stopped) {
      const { status, text } = await ask(this.demo).catch((error: Error) => ({
        status: 0,
        text: error.message,
      }));
      if (status !== 200) this.failures.push(`${status} ${text}`);
      else {
        const { release } = JSON.parse(text) as Answer;
        this.answers.set(release, (this.answers.get(release) ?? 0) + 1);
      }
      await sleep(pauseMs);
    }
  }
}

async function ask({ predictionUrl, apiKey }: Demo): Promise<{ status: number; text: string }> {
  const record = { pickup: "2019-03-23 20:21:09", passengers: 1, distance: 1.6, color: "yellow" };
  const response = await fetch(predictionUrl, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": apiKey },
    body: JSON.stringify(record),
  });
  return { status: response.status, text: await response.text() };
}

/** A real-time endpoint: canary, alarms, rollback by SageMaker itself, with users asking all the while. */
describe("a deployment to a real-time endpoint", function () {
  const bakeSeconds = Number(process.env.BAKE_SECONDS ?? 10);
  this.timeout(400_000 + 3000 * bakeSeconds);
  const workshop = new Workshop();
  let demo: Demo;

  before(async () => {
    workshop.configure("local", {
      endpoint: "real-time",
      bakeSeconds,
      // The laptop answers more than the 100 requests a second that the API lets through of all callers.
      ...{ requestsPerSecond: 10_000, burst: 10_000, totalRequestsPerSecond: 10_000, totalBurst: 10_000 },
    });
    workshop.change(0);
    demo = await workshop.json<Demo>("demo");
    // The traffic is about answers; mails of it would slow them.
    workshop.configure("local", { announcePredictions: { share: 0 } });
    await workshop.json("up", "local");
  });
  after(() => workshop.remove());

  const served = async () => (await workshop.json<Status>("status", "local")).release;

  it("loses no request while a canary takes over, and status and answers agree at every moment", async () => {
    workshop.change(1);
    const traffic = new Traffic(demo);
    const releasing = workshop.slipway(["release", "local", "--json"]);
    const seen = await watch(releasing, demo, workshop);
    const { code, stdout, stderr } = await releasing;
    expect(code, stderr + stdout).to.equal(0);
    await traffic.stop();
    traffic.report("blue/green");
    const { release } = JSON.parse(stdout) as { release: string };
    expect(traffic.failures, `of ${traffic.count} requests`).to.deep.equal([]);
    expect([...traffic.answers.keys()].sort()).to.deep.equal([demo.release, release].sort());
    expect(seen, "both while the canary was watched").to.equal(true);
    expect(await served()).to.equal(release);
    demo = { ...demo, release };
  });

  const faults = {
    errors: "one request of 20 ends in an error",
    slow: "answers take too long",
    wrong: "healthy, but other answers than when it was judged",
  };
  for (const [index, [fault, what]] of Object.entries(faults).entries()) {
    it(`is rolled back by SageMaker, and the command says so: ${what}`, async () => {
      workshop.change(index + 2);
      workshop.plant(fault);
      const traffic = new Traffic(demo);
      const { code, stdout, stderr } = await workshop.slipway(["release", "local"]);
      await traffic.stop();
      traffic.report(`rolled back for ${fault}`);
      expect(code, stderr + stdout).to.equal(1);
      expect(stderr, stderr)
        .to.match(/rolled the deployment of release \w+ back/)
        .and.to.include(`Putting back what was served before: release ${demo.release}`)
        .and.not.to.match(/^ {4}at /m);
      // The planted errors reach users; nothing else may fail.
      expect(traffic.failures.filter((failure) => !failure.startsWith("502"))).to.deep.equal([]);
      expect(await served()).to.equal(demo.release);
      expect((await workshop.json<Answer>("predict", "local")).release).to.equal(demo.release);
      const mail = await workshop.mail((each) => each.attributes.kind === "release.rolledback");
      expect(mail.body).to.include(demo.release);
    });
  }

  it("serves with an earlier release as its shadow, and without it again", async () => {
    const releases = await workshop.json<{ release: string; state: string }[]>("releases", "local");
    const earlier = releases.findLast(({ state }) => state === "accepted")!.release;
    const { shadow } = await workshop.json<{ shadow: string }>("shadow", "local", earlier);
    expect(shadow).to.equal(earlier);
    const client = new SageMakerClient(await workshop.client("sagemaker"));
    const shadows = async () =>
      (await client.send(new DescribeEndpointCommand({ EndpointName: "slipway-local-real-time" })))
        .ShadowProductionVariants ?? [];
    expect((await shadows()).map(({ VariantName }) => VariantName)).to.deep.equal(["Shadow"]);
    const { stdout } = await workshop.slipway(["status", "local"]);
    expect(stdout).to.match(new RegExp(`^shadow +${earlier},`, "m"));
    expect((await workshop.json<Answer>("predict", "local")).release).to.equal(demo.release);
    await workshop.json("shadow", "local");
    expect(await shadows()).to.deep.equal([]);
    expect(await workshop.json("status", "local")).to.include({ shadow: null });
    expect(await served()).to.equal(demo.release);
  });

  it("works again afterwards", async () => {
    workshop.plant(undefined);
    workshop.change(5);
    const { release } = await workshop.json<Demo>("release", "local");
    expect(await served()).to.equal(release);
  });
});

/** Whether, while `work` lasts, status names two releases at some time, and each answer's release at every time. */
async function watch(work: Promise<unknown>, demo: Demo, workshop: Workshop): Promise<boolean> {
  let working = true;
  let both = false;
  void work.finally(() => (working = false));
  while (working) {
    const before = await workshop.json<Status>("status", "local");
    const { text } = await ask(demo);
    const after = await workshop.json<Status>("status", "local");
    const { release } = JSON.parse(text) as Answer;
    const named = [before, after].flatMap((status) => [status.release, status.next]);
    expect(named).to.include(release);
    both ||= before.next !== null && before.next !== before.release;
    await sleep(200);
  }
  return both;
}
