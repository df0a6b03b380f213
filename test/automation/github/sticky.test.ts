import { expect } from "chai";
import { fitBody, hiddenMark } from "../../../automation/github/body";
import { openRepository, type Repository } from "../../../automation/github/repository";
import { keepComment, keepIssue } from "../../../automation/github/sticky";
import { failure } from "../../local/laptop";
import { eachWithGitHub, type FakeGitHub } from "./fake-github";

describe("what is written on GitHub", () => {
  const mark = hiddenMark("report", "dev");
  let github: FakeGitHub;
  let repository: Repository;
  eachWithGitHub(async (fresh) => {
    github = fresh;
    repository = await openRepository();
  });

  it("is one comment, found again behind many others", async () => {
    for (let i = 0; i < 150; i++) github.add(github.comments, `comment ${i}, quoting ${mark}`);
    const first = await keepComment(repository, 7, mark, `${mark}\nfirst`);
    const second = await keepComment(repository, 7, mark, `${mark}\nsecond`);
    expect([first.change, second.change]).to.deep.equal(["created", "updated"]);
    expect(second.url).to.equal(first.url);
    expect(github.comments).to.have.length(151);
    expect(github.comments.at(-1)?.body).to.equal(`${mark}\nsecond`);
  });

  it("is another comment for another stack", async () => {
    await keepComment(repository, 7, mark, `${mark}\ndev`);
    const main = hiddenMark("report", "main");
    await keepComment(repository, 7, main, `${main}\nmain`);
    expect(github.comments.map(({ body }) => body)).to.deep.equal([`${mark}\ndev`, `${main}\nmain`]);
  });

  it("is one issue: opened, brought up to date, closed with a word, and opened anew", async () => {
    const drift = hiddenMark("drift", "dev");
    const keep = (body?: string) =>
      keepIssue(
        repository,
        "drift",
        drift,
        body ? { title: "It differs", body } : undefined,
        "The same again.",
      );
    github.add(github.issues, `${hiddenMark("drift", "main")}\nanother stack's`, { labels: ["drift"] });
    const changes: (string | undefined)[] = [];
    for (const body of [
      undefined,
      `${drift}\none`,
      `${drift}\ntwo`,
      undefined,
      undefined,
      `${drift}\nthree`,
    ]) {
      changes.push((await keep(body))?.change);
    }
    expect(changes).to.deep.equal([undefined, "created", "updated", "closed", undefined, "created"]);
    expect(github.issues.map(({ state, body }) => [state, body.split("\n")[1]])).to.deep.equal([
      ["open", "another stack's"],
      ["closed", "two"],
      ["open", "three"],
    ]);
    expect(github.comments.map(({ body }) => body)).to.deep.equal(["The same again."]);
    expect(github.issues[1]!.labels).to.deep.equal(["drift"]);
  });

  it("says which permission is missing", async () => {
    github.refusal = { status: 403, message: "Resource not accessible by integration" };
    const { message } = await failure(keepComment(repository, 7, mark, mark));
    expect(message).to.equal(
      "GitHub did not let the comment on pull request 7 of acme/slipway be written (403: Resource not accessible by integration). " +
        "The token needs the permission 'pull-requests: write' in acme/slipway: give it that, then run the same again.",
    );
  });

  it("says what is missing in the environment", async () => {
    process.env.PATH = "/nowhere"; // where GitHub's CLI is not
    delete process.env.GITHUB_TOKEN;
    expect((await failure(openRepository())).message).to.match(
      /^There is no token for GitHub\. In a workflow, give the step/,
    );
    expect((await failure(openRepository("acme"))).message).to.match(/^GITHUB_REPOSITORY is 'acme'\./);
    delete process.env.GITHUB_REPOSITORY;
    expect((await failure(openRepository())).message).to.match(/^GITHUB_REPOSITORY is not set\./);
  });

  it("is cut at a line's end when GitHub would refuse it, and says so", async () => {
    const lines = Array.from({ length: 3000 }, (_, i) => `| ${i} | \`a resource of some length\` |`);
    const body = fitBody(
      mark,
      `# Title\n\n<details>\n\n${lines.join("\n")}\n\n</details>`,
      "All of it: there.",
    );
    expect(body.length).to.be.within(65_000, 65_536);
    expect(body.startsWith(mark)).to.equal(true);
    expect(body).to.match(
      /length` \|\n\n<\/details>\n\n\*\*Cut here:\*\* GitHub takes 65,536 characters\. All of it: there\.\n$/,
    );
    expect((await keepComment(repository, 7, mark, body)).change).to.equal("created");
    expect(fitBody(mark, "short", "")).to.equal(`${mark}\nshort\n`);
  });

  it("is cut though it is one line", () => {
    expect(fitBody(mark, "x".repeat(70_000), "").length).to.be.below(65_537);
  });
});
