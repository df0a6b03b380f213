import { expect } from "chai";
import { announced } from "../../../handlers/predict/announced";
import { resultEvents } from "../../../handlers/predict/results";
import { type Announcing } from "../../../handlers/shared/announcing";
import { type Prediction } from "../../../handlers/shared/events";

const numbers: Prediction[] = [3, 20, 60].map((value) => ({
  input: {},
  value,
  lower: value - value / 10,
  upper: value + value / 10,
}));
const classes: Prediction[] = ["setosa", "virginica"].map((value) => ({
  input: {},
  value,
  probabilities: { setosa: 0.5, virginica: 0.5 },
}));

describe("handlers/predict/announced", () => {
  const positions = (predictions: Prediction[], announcing: Announcing) =>
    announced(predictions, "q-1", announcing).map(({ position }) => position);

  it("announces all when nothing is said, and none when the share is 0", () => {
    expect(positions(numbers, {})).to.deep.equal([0, 1, 2]);
    expect(positions(numbers, { share: 1 })).to.deep.equal([0, 1, 2]);
    expect(positions(numbers, { share: 0 })).to.deep.equal([]);
  });

  it("announces what is beyond a threshold, any of them", () => {
    expect(positions(numbers, { above: 20 })).to.deep.equal([2]);
    expect(positions(numbers, { below: 20 })).to.deep.equal([0]);
    expect(positions(numbers, { wider: 3.9 })).to.deep.equal([1, 2]);
    expect(positions(numbers, { above: 50, below: 5 })).to.deep.equal([0, 2]);
  });

  it("announces the classes that are asked for, and no class by a number", () => {
    expect(positions(classes, { classes: ["virginica"] })).to.deep.equal([1]);
    expect(positions(classes, { above: 0 })).to.deep.equal([]);
    expect(positions(numbers, { classes: ["virginica"] })).to.deep.equal([]);
  });

  it("takes its share of the requests, and always the same ones", () => {
    const ids = Array.from({ length: 10_000 }, (_, index) => `5f0e1c2a-0000-4000-8000-${index}`);
    const chosen = (share: number) => ids.filter((id) => announced(numbers, id, { share }).length > 0);
    const tenth = chosen(0.1);
    expect(tenth.length).to.be.within(900, 1100); // 1,000, and three standard deviations of 30
    expect(chosen(0.1)).to.deep.equal(tenth);
    expect(chosen(0.2)).to.include.members(tenth);
  });

  it("keeps each prediction's position in the request, by which it is found again", () => {
    const source = { stack: "dev", target: { name: "fare", unit: "USD" }, announcing: { above: 20 } };
    const results = { requestId: "q-1", time: "2026-11-24T08:00:00.000Z", predictions: numbers };
    const [event, ...others] = resultEvents(results, "r-1", source);
    expect(others).to.deep.equal([]);
    expect(event).to.deep.include({ id: "q-1/2" });
    expect(event?.detail).to.deep.include({ count: 1 });
    expect(event?.detail.requests[0]).to.deep.include({ offset: 2, predictions: [numbers[2]] });
    expect(resultEvents(results, "r-1", { ...source, announcing: { above: 99 } })).to.deep.equal([]);
  });
});
