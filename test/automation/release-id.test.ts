import { expect } from "chai";
import { readIngredients, releaseId } from "../../automation/release/release-id";

const ingredients = {
  snapshot: "5a",
  imageUri: "registry/slipway-dev@sha256:0a",
  hyperparameters: { seed: "0", num_leaves: "31" },
  schema: "5c",
};

describe("releaseId", () => {
  it("is 12 hexadecimal digits, the same for the same ingredients in whatever order and registry", () => {
    const id = releaseId(ingredients);
    expect(id).to.match(/^[0-9a-f]{12}$/);
    expect(releaseId({ ...ingredients, hyperparameters: { num_leaves: "31", seed: "0" } })).to.equal(id);
    expect(releaseId({ ...ingredients, imageUri: "elsewhere/slipway-main@sha256:0a" })).to.equal(id);
  });

  it("is another one when any ingredient differs", () => {
    const ids = [
      ingredients,
      { ...ingredients, snapshot: "5b" },
      { ...ingredients, imageUri: "registry/slipway-dev@sha256:0b" },
      { ...ingredients, hyperparameters: { seed: "1", num_leaves: "31" } },
      { ...ingredients, schema: "5d" },
    ].map(releaseId);
    expect(new Set(ids).size).to.equal(5);
  });

  it("takes hyperparameters as SageMaker does, as strings, from the container's folder", () => {
    const { hyperparameters, schema } = readIngredients("5a", "i@sha256:0a");
    expect(Object.keys(hyperparameters)).to.include("num_iterations");
    expect(Object.values(hyperparameters).every((value) => typeof value === "string")).to.equal(true);
    expect(schema).to.match(/^[0-9a-f]{64}$/);
  });
});
