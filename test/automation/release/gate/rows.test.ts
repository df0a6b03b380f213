import { expect } from "chai";
import { problemOf } from "../../../../automation/release/gate/problem";
import { judgedRows, loss, readPredictions, UnusableAnswers } from "../../../../automation/release/gate/rows";
import { type Schema } from "../../../../automation/project";
import { fares, species } from "./rows";

describe("a model's answers", () => {
  it("are numbers with intervals, or classes; what is none has its row named", () => {
    const numbers = readPredictions(fares, 3, [
      { value: 8, lower: 7, upper: 9 },
      { message: "distance must be at least 0", errors: [] },
      { value: 3 },
    ]);
    expect(numbers.predictions).to.deep.equal([{ value: 8, lower: 7, upper: 9 }, undefined, { value: 3 }]);
    expect(numbers.fault).to.include("row 2").and.include("distance must be at least 0");
    const classes = readPredictions(species, 2, [
      { value: "setosa", probabilities: { setosa: 0.9 } },
      { value: 1 },
    ]);
    expect(classes.predictions).to.deep.equal([{ value: "setosa" }, undefined]);
  });

  it("must be as many as the rows", () => {
    expect(() => readPredictions(fares, 3, [{ value: 8 }])).to.throw(
      UnusableAnswers,
      "1 answers to 3 held-out rows",
    );
  });

  it("are set beside what is true, in the order of the rows", () => {
    const heldOut = [
      { row: { fare: "7.5", color: "green" }, record: {} },
      { row: { fare: "30", color: "" }, record: {} },
    ];
    const rows = judgedRows(fares, heldOut, [{ value: 8 }, { value: 20 }], [undefined, { value: 31 }]);
    expect(rows).to.deep.equal([
      { actual: 7.5, slices: { color: "green" }, challenger: { value: 8 } },
      { actual: 30, slices: { color: "" }, challenger: { value: 20 }, champion: { value: 31 } },
    ]);
    expect(rows.map(({ actual, challenger }) => loss(actual, challenger))).to.deep.equal([0.5, 10]);
    expect(loss("setosa", { value: "setosa" })).to.equal(0);
    expect(loss("setosa", { value: "rose" })).to.equal(1);
  });
});

describe("problemOf", () => {
  const field = (role: "feature" | "target" | "time", rest: object = {}) => ({
    ...{ type: "string", "x-role": role, "x-unit": "cm" },
    ...rest,
  });
  const schema = (target: object): Schema => ({
    title: "Flower",
    properties: {
      ...{
        seen: field("time"),
        length: field("feature"),
        garden: field("feature", { enum: ["north", null] }),
      },
      species: field("target", target),
    },
  });

  it("takes a target of a few values for a class, and features of a few values for slices", () => {
    expect(problemOf(schema({ enum: ["setosa"] }))).to.deep.equal({
      ...{ kind: "classification", target: "species", unit: "", slices: ["garden"] },
    });
    expect(problemOf(schema({ type: "number" }))).to.deep.include({ kind: "regression", unit: "cm" });
  });
});
