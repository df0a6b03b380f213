import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Shell } from "../docs/shell";
import { follow } from "../docs/walkthrough";
import { root } from "./laptop";
import { Workshop } from "./workshop";

const folder = join(root, "docs", "tutorial");
const chapters = readdirSync(folder).filter((name) => /^\d-.*\.md$/.test(name));

describe("docs/tutorial, followed by a reader, chapter by chapter", function () {
  this.timeout(600_000);
  this.bail(true); // each chapter goes on from the one before
  const workshop = new Workshop();

  before(() => {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: workshop.folder });
    git("init", "--quiet", "--initial-branch=main");
    git("config", "user.name", "ann");
    git("config", "user.email", "ann@example.com");
    git("add", "--all");
    git("commit", "--quiet", "-m", "Slipway");
  });
  after(() => workshop.remove());

  for (const chapter of chapters.sort()) {
    const text = readFileSync(join(folder, chapter), "utf8");
    it(/^# (.*)$/m.exec(text)?.[1] ?? chapter, async () => {
      const terminal = openTerminal(workshop);
      await follow(text, workshop.folder, terminal).finally(() => terminal.end());
    });
  }
});

/** The reader has installed the packages, and has an AWS CLI; all else is what the chapters say. */
const openTerminal = (workshop: Workshop) =>
  new Shell(
    workshop.folder,
    {
      ...process.env,
      PATH: `${join(root, ".venv", "bin")}:${process.env.PATH}`,
      NO_COLOR: "1",
      SLIPWAY_LOCAL_HOME: workshop.home,
    },
    `make() { command make --assume-old=setup "$@"; }`,
  );
