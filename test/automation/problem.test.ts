import { expect } from "chai";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { UserError } from "../../automation/errors";
import { problemAt, stackFor } from "../../automation/problem";
import { projectRoot } from "../../automation/project";
import { readStackConfig, stackFile } from "../../automation/stack-config";
import { isLocal, problemStacks, stackName } from "../../automation/stack-name";

const name = `p${process.pid}`;

describe("the stack of a problem", function () {
  this.timeout(20_000); // Python starts
  const parent = join(projectRoot, ".slipway", `problems-${process.pid}`);
  const folder = join(parent, name);
  const problem = relative(projectRoot, folder);

  beforeEach(() => cpSync(join(projectRoot, "examples", "flights"), folder, { recursive: true }));
  afterEach(() => {
    rmSync(parent, { recursive: true });
    rmSync(stackFile(name), { force: true });
  });
  after(() => {
    const copies = join(projectRoot, ".slipway", "model-image");
    const own = relative(projectRoot, parent).replaceAll("/", "-");
    for (const copy of readdirSync(copies).filter((each) => each.startsWith(own)))
      rmSync(join(copies, copy), { recursive: true });
  });

  /** What the user is told. */
  async function refusal(given = problem): Promise<string> {
    const error: unknown = await stackFor(given).catch((thrown: unknown) => thrown);
    if (error instanceof UserError) return error.message;
    throw new Error(`no refusal, but ${String(error)}`);
  }

  it("is named as its folder, and has the settings of the laptop's own stack", async () => {
    expect(await stackFor(`./${problem}/`)).to.equal(name);
    const { "slipway:problem": own, ...settings } = readStackConfig(name);
    const { "slipway:problem": standard, ...local } = readStackConfig("local");
    expect([own, standard]).to.deep.equal([problem, "model-image"]);
    expect(settings).to.deep.equal(local);
    expect(stackName(name)).to.equal(name);
    expect(problemStacks()).to.include(name).and.not.to.include.members(["local", "dev", "main"]);
    expect([name, "local", "dev", "main", "pr-12"].map(isLocal)).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("is the laptop's own for the problem that the container has anyway", async () => {
    expect(await stackFor("model-image")).to.equal("local");
  });

  it("keeps what its user has written into its file", async () => {
    await stackFor(problem);
    writeFileSync(stackFile(name), `${readFileSync(stackFile(name), "utf8")}# mine\n`);
    await stackFor(problem);
    expect(readFileSync(stackFile(name), "utf8")).to.match(/# mine\n$/);
  });

  it("is refused to another problem of the same name", async () => {
    await stackFor(problem);
    const other = join(parent, "other", name);
    cpSync(folder, other, { recursive: true });
    expect(await refusal(relative(projectRoot, other)))
      .to.include(`'${name}' is that of another problem, ${problem}`)
      .and.include(`slipway destroy ${name}`);
  });

  it("is not made for a folder whose name AWS would not take", async () => {
    const long = join(parent, "Predict-Everything");
    cpSync(folder, long, { recursive: true });
    expect(await refusal(relative(projectRoot, long))).to.match(/2 to 11 small letters.*Rename the folder/);
  });

  for (const [title, file, change, said] of [
    [
      "a schema that is no JSON",
      "schema.json",
      (text: string) => text.slice(1),
      /schema.json cannot be read as JSON/,
    ],
    [
      "a schema without a target",
      "schema.json",
      (text: string) => text.replace('"x-role": "target"', '"x-role": "feature"'),
      /exactly one property must have the x-role target \(in /,
    ],
    [
      "a keyword that the container does not know",
      "schema.json",
      (text: string) => text.replace('"exclusiveMinimum": 0', '"multipleOf": 2'),
      /distance: the keyword 'multipleOf' is not supported/,
    ],
    [
      "features that are no Python",
      "slipway_model/features.py",
      (text: string) => text.replace("def planned(", "def planned"),
      /features\.py, line \d+: SyntaxError/,
    ],
  ] as const) {
    it(`is not made for ${title}: the container says why`, async () => {
      const path = join(folder, file);
      writeFileSync(path, change(readFileSync(path, "utf8")));
      expect(await refusal()).to.match(said);
      expect(existsSync(stackFile(name))).to.equal(false);
    });
  }

  it("is not made up: a name without a file is no stack", () => {
    expect(() => stackName("nothing")).to.throw(UserError, "There is no stack 'nothing'. Stacks are 'local'");
  });
});

describe("the problem that a folder is", () => {
  for (const [folder, problem] of [
    ["examples/flights", "examples/flights"],
    ["./examples/flights/", "examples/flights"],
    [join(projectRoot, "model-image"), "model-image"],
    ["examples", undefined],
    [".", undefined],
    ["..", undefined],
    ["registry.example.com/churn:7", undefined],
  ] as const)
    it(`is ${problem ?? "none"} for ${relative(projectRoot, folder) || "the project"}`, () => {
      expect(problemAt(folder)).to.equal(problem);
    });
});
