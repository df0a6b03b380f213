import { expect } from "chai";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { imageSource, readIngredients } from "../../../automation/release/release-id";
import { bundledFiles } from "../../../components/lambda/bundle";
import { imageFolder, problemFault } from "../../../components/shared/problem";
import { root } from "../configurations";

const example = "examples/flights";

describe("a problem of one's own", () => {
  const folder = join(root, ".slipway", `problem-${process.pid}`);
  const problem = relative(root, folder);
  const made = () => join(root, imageFolder(problem));
  const read = (file: string) => readFileSync(file, "utf8");

  beforeEach(() => {
    cpSync(join(root, example), folder, { recursive: true });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    rmSync(join(root, ".slipway", "model-image", problem.replaceAll("/", "-")), {
      recursive: true,
      force: true,
    });
  });

  it("is a folder of the project with a schema and features; what else is said with the fix", () => {
    expect(problemFault(example)).to.equal(undefined);
    expect(problemFault("model-image")).to.equal(undefined);
    expect(problemFault("examples/nothing")).to.match(/no folder examples\/nothing.*Name one/);
    expect(problemFault("/tmp")).to.match(/outside the project. Copy it/);
    expect(problemFault("../elsewhere")).to.match(/outside the project/);
    expect(problemFault("./examples/flights")).to.match(/as 'examples\/flights'/);
    expect(problemFault("examples")).to.match(/has no schema.json/);
    rmSync(join(folder, "slipway_model"), { recursive: true });
    expect(problemFault(problem)).to.match(/has no slipway_model\/features.py/);
  });

  it("has the container built of its own files, where there are any, and of the standard ones", () => {
    const image = made();
    for (const file of ["schema.json", "slipway_model/features.py"]) {
      expect(read(join(image, file)), file).to.equal(read(join(folder, file)));
    }
    for (const file of ["Dockerfile", "hyperparameters.json", "slipway_model/training.py"]) {
      expect(read(join(image, file)), file).to.equal(read(join(root, "model-image", file)));
    }
    expect(() => read(join(image, "flights.csv"))).to.throw(/ENOENT/);
    expect(imageFolder("model-image"), "the standard one is no copy").to.equal("model-image");
  });

  it("is another image when one of its files changes, comes or goes, and else the same", () => {
    const source = () => imageSource("python", problem);
    const first = source();
    expect(source()).to.equal(first);
    expect(imageSource("python")).not.to.equal(first);
    writeFileSync(join(folder, "README.md"), "other words");
    expect(source(), "what is said about it is no part of it").to.equal(first);
    writeFileSync(join(folder, "slipway_model", "more.py"), "");
    expect(source()).not.to.equal(first);
    rmSync(join(folder, "slipway_model", "more.py"));
    expect(source()).to.equal(first);
    mkdirSync(join(made(), "slipway_model", "__pycache__"), { recursive: true });
    writeFileSync(join(made(), "slipway_model", "__pycache__", "x.pyc"), "");
    expect(source(), "nor is what running it leaves behind").to.equal(first);
  });

  it("has hyperparameters of its own, if it says so, and its schema in the release's id", () => {
    const ingredients = () => readIngredients("5a", "i@sha256:0a", "python", problem);
    const standard = readIngredients("5a", "i@sha256:0a", "python");
    expect(ingredients().hyperparameters).to.deep.equal(standard.hyperparameters);
    expect(ingredients().schema).not.to.equal(standard.schema);
    writeFileSync(join(folder, "hyperparameters.json"), '{"num_iterations": 7}');
    expect(ingredients().hyperparameters).to.deep.equal({ num_iterations: "7" });
  });

  it("has its schema in the Lambdas, and nothing of another", () => {
    for (const handler of ["predict", "site"]) {
      const code = Object.values(bundledFiles(handler, problem)).join("");
      expect(code)
        .to.include("departure_delay")
        .and.not.to.match(/pickup_zone|taxi/);
    }
  });
});
