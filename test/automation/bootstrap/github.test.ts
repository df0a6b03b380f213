import { serve } from "@hono/node-server";
import { expect } from "chai";
import { FakeGitHub } from "./fake-github";
import { githubToken, Repository } from "../../../automation/bootstrap/github";
import { asCommands } from "../../../automation/bootstrap/variables";
import { type AddressInfo } from "node:net";

const why = (work: Promise<unknown>) =>
  work.then(
    () => "it passed",
    (error: Error) => error.message,
  );

describe("the repository that bootstrap tells of the account", () => {
  const github = new FakeGitHub("acme/slipway", "good");
  const server = serve({ fetch: github.app.fetch, port: 0, hostname: "127.0.0.1" });
  const before = { ...process.env };
  const repository = (token = "good", name = "acme/slipway") => new Repository(name, token);

  beforeEach(() => {
    github.clear();
    process.env.GITHUB_API_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    process.env = before;
  });

  it("gets a variable, gets another value, and is left alone when it has it", async () => {
    expect(await repository().setVariable("AWS_REGION", "us-east-1")).to.equal("created");
    expect(await repository().setVariable("AWS_REGION", "us-east-1")).to.equal("unchanged");
    expect(await repository().setVariable("AWS_REGION", "eu-central-1")).to.equal("updated");
    expect(Object.fromEntries(github.variables)).to.deep.equal({ AWS_REGION: "eu-central-1" });
  });

  it("lets one branch use an environment, and no other any more", async () => {
    expect(await repository().restrictEnvironment("main", "main")).to.equal("created");
    expect(github.branches("main")).to.deep.equal(["main"]);
    expect(await repository().restrictEnvironment("main", "main")).to.equal("unchanged");
    github.allow("main", "dev*");
    expect(await repository().restrictEnvironment("main", "main")).to.equal("updated");
    expect(github.branches("main")).to.deep.equal(["main"]);
  });

  it("gets an environment that all branches may use, and one that is there is left alone", async () => {
    expect(await repository().makeEnvironment("preview-stack")).to.equal("created");
    expect(github.branches("preview-stack")).to.deep.equal([]);
    github.open("preview-stack", [{ type: "User", reviewer: { id: 7 } }]);
    github.allow("preview-stack", "dev");
    expect(await repository().makeEnvironment("preview-stack")).to.equal("unchanged");
    expect(github.reviewers("preview-stack")).to.deep.equal([{ type: "User", id: 7 }]);
    expect(github.branches("preview-stack")).to.deep.equal(["dev"]);
  });

  it("keeps the reviewers of an environment that all branches could use", async () => {
    github.open("main", [{ type: "User", reviewer: { id: 7 } }]);
    expect(await repository().restrictEnvironment("main", "main")).to.equal("updated");
    expect(github.reviewers("main")).to.deep.equal([{ type: "User", id: 7 }]);
    expect(github.branches("main")).to.deep.equal(["main"]);
  });

  it("says what the token lacks", async () => {
    expect(await why(repository("bad").setVariable("A", "b")))
      .to.contain("acme/slipway")
      .and.contain("gh auth login");
    const other = await why(repository("good", "acme/other").setVariable("A", "b"));
    expect(other).to.contain("acme/other").and.contain("administrator of the repository");
  });

  it("takes the token of the environment, and says where to get one", async () => {
    process.env.GH_TOKEN = "mine";
    expect(await githubToken()).to.equal("mine");
    delete process.env.GH_TOKEN;
    delete process.env.GITHUB_TOKEN;
    process.env.PATH = "/nowhere";
    expect(await why(githubToken()))
      .to.contain("gh auth login")
      .and.contain("--print");
    process.env.PATH = before.PATH;
  });

  it("can be told by hand", () => {
    expect(asCommands("acme/slipway", { AWS_REGION: "us-east-1" })).to.deep.equal([
      "gh variable set AWS_REGION --repo 'acme/slipway' --body 'us-east-1'",
    ]);
  });
});
