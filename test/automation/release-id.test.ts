import { expect } from "chai";
import { imageSource, readIngredients, releaseId } from "../../automation/release/release-id";

const ingredients = {
  snapshot: "5a",
  imageSource: "sha256:0a",
  hyperparameters: { seed: "0", num_leaves: "31" },
  schema: "5c",
};

describe("releaseId", () => {
  it("is 12 hexadecimal digits, the same for the same ingredients in whatever order and build", () => {
    const id = releaseId(ingredients);
    expect(id).to.match(/^[0-9a-f]{12}$/);
    expect(releaseId({ ...ingredients, hyperparameters: { num_leaves: "31", seed: "0" } })).to.equal(id);
    const built = { ...ingredients, imageUri: "elsewhere/slipway-main@sha256:1b" };
    expect(releaseId(built), "another build of the same source").to.equal(id);
  });

  it("is another one when any ingredient differs", () => {
    const ids = [
      ingredients,
      { ...ingredients, snapshot: "5b" },
      { ...ingredients, imageSource: "sha256:0b" },
      { ...ingredients, hyperparameters: { seed: "1", num_leaves: "31" } },
      { ...ingredients, schema: "5d" },
    ].map(releaseId);
    expect(new Set(ids).size).to.equal(5);
  });

  it("takes hyperparameters as SageMaker does, as strings, from the container's folder", () => {
    const { hyperparameters, schema } = readIngredients("5a", "i@sha256:0a", "python");
    expect(Object.keys(hyperparameters)).to.include("num_iterations");
    expect(Object.values(hyperparameters).every((value) => typeof value === "string")).to.equal(true);
    expect(schema).to.match(/^[0-9a-f]{64}$/);
  });

  it("has the source of the image in it: what is built from, not when or what came out", () => {
    const source = imageSource("python:3.11-slim");
    expect(source).to.match(/^sha256:[0-9a-f]{64}$/);
    expect(imageSource("python:3.11-slim")).to.equal(source);
    expect(imageSource("python:3.12-slim")).not.to.equal(source);
  });
});
