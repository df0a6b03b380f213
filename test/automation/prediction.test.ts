import { expect } from "chai";
import { describe as inWords } from "../../automation/commands/predict";
import { isClass, isPrediction, type Prediction } from "../../automation/prediction";
import { type Schema, target } from "../../automation/project";

const number = { value: 7.124, lower: 5.9, upper: 8.8, unit: "USD" };
const kind = { value: "setosa", probabilities: { virginica: 0.004, setosa: 0.976, versicolor: 0.02 } };
const answer = (prediction: Prediction) => ({ predictions: [prediction], release: "r-1", requestId: "q-1" });

describe("automation/prediction", () => {
  it("tells a number from a class, and either from what is neither", () => {
    expect([number, kind].map(isClass)).to.deep.equal([false, true]);
    expect([number, kind].every(isPrediction)).to.equal(true);
    for (const wrong of [
      undefined,
      {},
      { ...number, lower: null },
      { ...number, value: NaN },
      { value: "setosa" },
      { value: "rose", probabilities: kind.probabilities },
    ]) {
      expect(isPrediction(wrong as Prediction | undefined), JSON.stringify(wrong)).to.equal(false);
    }
  });

  it("is a line for people", () => {
    expect(inWords(answer(number), { name: "fare", unit: "USD" })).to.equal(
      "fare 7.12 USD (most likely between 5.90 and 8.80 USD)\nby release r-1",
    );
    expect(inWords(answer(kind), { name: "kind", unit: "" })).to.equal(
      "kind setosa (97.6 %, versicolor 2.0 %, virginica 0.4 %)\nby release r-1",
    );
  });

  it("is of what the schema's target is", () => {
    const schema = (field: object) => ({ title: "Iris", properties: { kind: field } }) as Schema;
    expect(target(schema({ type: "string", enum: ["a", "b"], "x-role": "target" }))).to.deep.equal({
      name: "kind",
      unit: "",
      classes: ["a", "b"],
    });
    expect(target(schema({ type: "number", "x-unit": "cm", "x-role": "target" }))).to.deep.equal({
      name: "kind",
      unit: "cm",
    });
  });
});
