import { expect } from "chai";
import { asCommands } from "../../../automation/bootstrap/variables";
import { openRepository, type Repository } from "../../../automation/github/repository";
import { makeEnvironment, restrictEnvironment, setVariable } from "../../../automation/github/settings";
import { failure } from "../../local/laptop";
import { eachWithGitHub, type FakeGitHub } from "./fake-github";

describe("the repository that bootstrap tells of the account", () => {
  let github: FakeGitHub;
  let repository: Repository;
  eachWithGitHub(async (fresh) => {
    github = fresh;
    repository = await openRepository("acme/slipway");
  });

  const branches = () => github.environments.get("main")!.branches.map(({ name }) => name);
  const restrict = () => restrictEnvironment(repository, "main", "main");

  it("gets a variable, gets another value, and is left alone when it has it", async () => {
    expect(await setVariable(repository, "AWS_REGION", "us-east-1")).to.equal("created");
    expect(await setVariable(repository, "AWS_REGION", "us-east-1")).to.equal("unchanged");
    expect(await setVariable(repository, "AWS_REGION", "eu-central-1")).to.equal("updated");
    expect(Object.fromEntries(github.variables)).to.deep.equal({ AWS_REGION: "eu-central-1" });
  });

  it("lets one branch use an environment, and no other any more", async () => {
    expect(await restrict()).to.equal("created");
    expect(branches()).to.deep.equal(["main"]);
    expect(await restrict()).to.equal("unchanged");
    github.allow("main", "dev*");
    expect(await restrict()).to.equal("updated");
    expect(branches()).to.deep.equal(["main"]);
  });

  it("keeps the reviewers of an environment that all branches could use", async () => {
    const reviewers = [{ type: "User", reviewer: { id: 7 } }];
    github.environments.set("main", { policy: null, reviewers, branches: [] });
    expect(await restrict()).to.equal("updated");
    expect(github.environments.get("main")!.reviewers).to.deep.equal(reviewers);
    expect(branches()).to.deep.equal(["main"]);
  });

  it("gets an environment that all branches may use, and one that is there is left alone", async () => {
    expect(await makeEnvironment(repository, "preview-stack")).to.equal("created");
    const made = github.environments.get("preview-stack");
    expect(made).to.deep.equal({ policy: null, reviewers: [], branches: [] });
    const reviewers = [{ type: "User", reviewer: { id: 7 } }];
    github.environments.set("preview-stack", { policy: null, reviewers, branches: [] });
    github.allow("preview-stack", "dev");
    const before = structuredClone(github.environments.get("preview-stack"));
    expect(await makeEnvironment(repository, "preview-stack")).to.equal("unchanged");
    expect(github.environments.get("preview-stack")).to.deep.equal(before);
  });

  it("says what the token lacks", async () => {
    process.env.GH_TOKEN = "bad";
    const bad = await openRepository("acme/slipway");
    const { message } = await failure(setVariable(bad, "A", "b"));
    expect(message).to.contain("the variable A of acme/slipway").and.contain("gh auth login");
    process.env.GH_TOKEN = "short-lived";
    const other = await openRepository("acme/other");
    expect((await failure(restrictEnvironment(other, "main", "main"))).message)
      .to.contain("404")
      .and.contain("to be of an administrator")
      .and.contain("in acme/other");
  });

  it("can be told by hand", () => {
    expect(asCommands("acme/slipway", { AWS_REGION: "us-east-1" })).to.deep.equal([
      "gh variable set AWS_REGION --repo 'acme/slipway' --body 'us-east-1'",
    ]);
  });
});
