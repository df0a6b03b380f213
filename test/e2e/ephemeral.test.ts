import { CloudWatchClient, ListDashboardsCommand } from "@aws-sdk/client-cloudwatch";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { ListBucketsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Swept } from "../../automation/ephemeral/sweep";
import { type Answer } from "../../automation/prediction";
import { run } from "../../automation/run";
import { FakeGitHub } from "../automation/github/fake-github";
import { Workshop } from "./workshop";

interface Up {
  expiresAt: string;
  changes: Record<string, number>;
}

/**
 * Stacks of pull requests as the workflow `ephemeral` has them: each job in a checkout of its own, secrets by a KMS key, and a
 * cloud that does not know that it is a laptop's.
 */
describe("stacks of pull requests", function () {
  this.timeout(420_000);
  const github = new FakeGitHub();
  const env: Record<string, string> = {};
  const workshop = new Workshop(env);
  const stackFile = (stack: string) => join(workshop.folder, `Pulumi.${stack}.yaml`);

  before(async () => {
    workshop.change(1);
    await workshop.json("local", "start");
    Object.assign(env, await workshop.json<object>("local", "env"), await github.start());
    delete env["PULUMI_CONFIG_PASSPHRASE"];
    const kms = new KMSClient(await workshop.client("kms"));
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    env["SLIPWAY_SECRETS_PROVIDER"] = `awskms://${KeyMetadata!.KeyId}?region=${env["AWS_REGION"]}`;
  });
  after(async () => {
    github.stop();
    await workshop.remove();
  });

  /** Another job begins: what the one before has written beside the repository's files is not there. */
  const anotherCheckout = () =>
    ["pr-7", "pr-8"].forEach((stack) => rmSync(stackFile(stack), { force: true }));

  const pulumi = async (...args: string[]) => {
    const { code, stderr } = await run("pulumi", args, {
      cwd: workshop.folder,
      env: { ...process.env, ...env },
    });
    expect(code, stderr).to.equal(0);
  };

  /** A job that ended when it had only made the stack: it is there, its time is over, and it is locked. */
  async function leaveBehind(stack: string): Promise<void> {
    const { SLIPWAY_SECRETS_PROVIDER: provider = "" } = env;
    await pulumi("stack", "init", stack, `--secrets-provider=${provider}`);
    await pulumi("stack", "tag", "set", "slipway:expires", "2026-01-01T00:00:00.000Z", "--stack", stack);
    const locks = join(workshop.home, "pulumi", ".pulumi", "locks", "organization", "slipway", stack);
    const owner = { pid: 4711, username: "runner", hostname: "gone", timestamp: "2026-01-01T00:00:00Z" };
    mkdirSync(locks, { recursive: true });
    writeFileSync(join(locks, "0d0e0a0d.json"), JSON.stringify(owner));
  }

  const s3 = async () => new S3Client(await workshop.client("s3"));
  const buckets = async () => {
    const { Buckets = [] } = await (await s3()).send(new ListBucketsCommand({}));
    return Buckets.flatMap(({ Name = "" }) => (Name.startsWith("slipway-pr-7-") ? [Name] : []));
  };

  it("refuse what is no number and no time", async () => {
    for (const args of [
      ["down", "1234567"],
      ["up", "7", "--ttl", "0h"],
    ]) {
      const { code, stderr } = await workshop.slipway(["ephemeral", ...args]);
      expect(code, args.join(" ")).to.equal(1);
      expect(stderr).to.match(/whole number|pr-<number>/);
    }
  });

  it("come up with the settings of dev and the sample, for as long as was said, and say so in a comment", async () => {
    const began = Date.now();
    const up = await workshop.json<Up>("ephemeral", "up", "7", "--ttl", "72h", "--comment");
    expect(Date.parse(up.expiresAt) - began).to.be.within(72 * 3_600_000, 72 * 3_600_000 + 120_000);
    const [bucket] = (await buckets()).filter((name) => name.includes("data"));
    const { KeyCount } = await (
      await s3()
    ).send(new ListObjectsV2Command({ Bucket: bucket, Prefix: "raw/" }));
    expect(KeyCount).to.equal(1);
    const cloudwatch = new CloudWatchClient(await workshop.client("cloudwatch"));
    const { DashboardEntries } = await cloudwatch.send(new ListDashboardsCommand({}));
    expect(DashboardEntries ?? []).to.deep.equal([]); // which would cost more than all else of an idle stack
    const [comment, ...more] = github.comments;
    expect(more).to.deep.equal([]);
    expect(comment?.body)
      .to.contain(`The stack \`pr-7\` of this pull request is up until ${up.expiresAt.slice(0, 10)}`)
      .and.contain("http://127.0.0.1");
  });

  it("answer, are left alone until their time is over, and one that a dead job has locked says what to do", async () => {
    await leaveBehind("pr-8");
    const [released, swept] = await Promise.all([
      workshop.slipway(["release", "pr-7"]),
      workshop.slipway(["ephemeral", "sweep", "--json"]),
    ]);
    expect(released.code, released.stderr + released.stdout).to.equal(0);
    const { predictions } = await workshop.json<Answer>("predict", "pr-7");
    expect(predictions).to.have.length(1);

    expect(swept.code, swept.stderr).to.equal(1);
    const [kept, locked] = JSON.parse(swept.stdout) as Swept[];
    expect(kept).to.include({ stack: "pr-7", outcome: "kept", reason: "its time has not come" });
    expect(locked).to.include({ stack: "pr-8", outcome: "failed" });
    expect(locked?.reason)
      .to.contain("left its lock: it was begun by runner@gone (pid 4711)")
      .and.contain("run 'pulumi cancel --stack pr-8'");
    expect(swept.stderr).to.contain("Not destroyed: pr-8");
  });

  it("go by hand, also when their job had made nothing of them yet; going twice changes nothing", async () => {
    await pulumi("cancel", "--yes", "--stack", "pr-8");
    anotherCheckout();
    const down = await workshop.slipway(["ephemeral", "down", "8"]);
    expect(down.code, down.stderr).to.equal(0);
    const again = await workshop.slipway(["ephemeral", "down", "8"]);
    expect(again.code, again.stderr).to.equal(0);
    expect(again.stdout).to.equal("There is no stack 'pr-8': nothing to destroy.\n");
  });

  it("are renewed by a push, and gone without a trace when their time is over", async () => {
    anotherCheckout();
    const { changes } = await workshop.json<Up>("ephemeral", "up", "7", "--ttl", "1s");
    expect(Object.keys(changes)).to.deep.equal(["same"]); // what is released stays
    anotherCheckout();
    const swept = await workshop.json<Swept[]>("ephemeral", "sweep");
    expect(swept.map(({ stack, outcome }) => [stack, outcome])).to.deep.equal([["pr-7", "destroyed"]]);
    expect(await buckets()).to.deep.equal([]);
    expect(existsSync(stackFile("pr-7"))).to.equal(false);
    expect(await workshop.json("ephemeral", "sweep")).to.deep.equal([]);
  });
});
