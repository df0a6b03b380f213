import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Shell } from "./shell";
import { follow, stepsOf } from "./walkthrough";

const fenced = (kind: string, ...lines: string[]) => ["```" + kind, ...lines, "```", ""].join("\n");
const consoleBlock = (...lines: string[]) => fenced("console", ...lines);

describe("following a page", () => {
  let folder: string;
  let shell: Shell;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-page-"));
    shell = new Shell(folder, process.env, "greeting=hello");
  });
  afterEach(() => {
    shell.end();
    rmSync(folder, { recursive: true });
  });

  /** What is wrong with a page, or undefined. */
  const faultOf = (markdown: string) =>
    follow(markdown, folder, shell).then(
      () => undefined,
      (error: Error) => error.message,
    );

  it("runs the commands of its blocks in one shell, and leaves all other blocks alone", async () => {
    const page = [
      "# A page\n",
      consoleBlock("$ name=world", '$ printf "%s\\n" "$greeting" \\', '>   "$name"', "hello", "world"),
      fenced("sh", "exit 1"),
      "    $ exit 1\n",
      consoleBlock("$ echo $name >&2", "world"),
    ].join("\n");
    expect(stepsOf(page)).to.have.length(3);
    expect(await faultOf(page)).to.equal(undefined);
  });

  it("fails when a command fails, whatever it prints", async () => {
    expect(await faultOf(consoleBlock("$ (echo fine; exit 3)", "fine"))).to.equal(
      "'(echo fine; exit 3)' ended with 3:\nfine\n",
    );
    expect(await faultOf(consoleBlock('$ (exit 3) || echo "exit code $?"', "exit code 3"))).to.equal(
      undefined,
    );
  });

  it("fails when a command ends the shell", async () => {
    expect(await faultOf(consoleBlock("$ exit 0"))).to.include("the shell has ended");
  });

  const differences: Record<string, [printed: string, ...shown: string[]]> = {
    "another line": ["one\ntwo", "one", "three"],
    "a line less": ["one", "one", "two"],
    "a line more": ["one\ntwo", "one"],
    "something where nothing is shown": ["one"],
    "another order": ["one\ntwo", "two", "one"],
    "more after what is shown": ["12 rows and more", "12 rows"],
    "nothing of what is around '...'": ["12 rows", "13 ... rows"],
    "another word where the same one is shown twice": ["a1 a2", "<id> <id>"],
    "several words where one is shown": ["a b", "<word>"],
  };
  for (const [what, [printed, ...shown]] of Object.entries(differences)) {
    it(`fails when a command prints ${what}`, async () => {
      const fault = await faultOf(consoleBlock(`$ printf '${printed.replace("\n", "\\n")}\\n'`, ...shown));
      expect(fault).to.match(/ printed\n[^]*and the page shows\n/);
    });
  }

  it("takes '...' for anything within a line, and for any lines", async () => {
    const lines = ["$ printf 'one\\ntwo 1.5 s\\n3\\n4\\n\\nfive\\n'"];
    expect(await faultOf(consoleBlock(...lines, "one", "two ... s", "...", "five"))).to.equal(undefined);
    expect(await faultOf(consoleBlock(...lines, "..."))).to.equal(undefined);
    expect(await faultOf(consoleBlock(...lines, "...", "six"))).to.include("and the page shows");
  });

  it("takes a name for one word, the same in all that follows, commands too", async () => {
    const page = consoleBlock(
      "$ echo release $RANDOM$RANDOM",
      "release <id>",
      "$ echo <id> again",
      "<id> again",
    );
    expect(await faultOf(page)).to.equal(undefined);
    const other = consoleBlock("$ echo a1", "<id>", "$ echo a2", "<id>");
    expect(await faultOf(other)).to.include("and the page shows\n<id>\n\nwhere <id> is a1");
  });

  it("overlooks what a terminal shows only while long work goes on", async () => {
    const command = "$ printf '  Training: iteration 3 (20.0 s)\\n✔ Training 21.3 s\\n'";
    expect(await faultOf(consoleBlock(command, "✔ Training ... s"))).to.equal(undefined);
  });

  describe("that changes a file", () => {
    const change = fenced("diff limits.txt", " one: 1", "-two: 2", "+two: 3", "+three: 3");

    it("puts the new lines in the place of the old ones", async () => {
      writeFileSync(join(folder, "limits.txt"), "one: 1\ntwo: 2\nfour: 4\n");
      expect(
        await faultOf(change + consoleBlock("$ cat limits.txt", "one: 1", "two: 3", "three: 3", "four: 4")),
      ).to.equal(undefined);
    });

    it("fails when the file has them not, or twice", async () => {
      writeFileSync(join(folder, "limits.txt"), "one: 1\n");
      expect(await faultOf(change)).to.include("limits.txt has these lines 0 times, not once");
      writeFileSync(join(folder, "limits.txt"), "one: 1\ntwo: 2\none: 1\ntwo: 2\n");
      expect(await faultOf(change)).to.include("2 times");
      expect(readFileSync(join(folder, "limits.txt"), "utf8")).not.to.include("three");
    });

    it("fails when the block does not name it", async () => {
      expect(await faultOf(fenced("diff", "-one", "+two"))).to.include("must name its file");
    });
  });

  it("writes a file whose name a block has beside its language", async () => {
    const page =
      fenced("py two.py", "print(2)") + fenced("py", "print(3)") + consoleBlock("$ cat two.py", "print(2)");
    expect(stepsOf(page)).to.have.length(2);
    expect(await faultOf(page)).to.equal(undefined);
  });

  it("fails when a block of commands does not begin with one", async () => {
    expect(await faultOf(consoleBlock("npx slipway status local"))).to.include("must begin with '$ '");
  });
});
