import { expect } from "chai";
import { batchCompleted, batchFailed } from "../../../handlers/publish/batches";

const batch = "0123456789abcdef01234567";
const link = `https://api.example.com/v1/batches/${batch}`;
const detail = {
  ...{ batch, release: "r-1", target: "fare", unit: "USD", rows: 6433, rejected: 3, seconds: 200.4, link },
  summary: { lowest: 3.2, highest: 61.1, mean: 12.554 },
};

describe("mail of a batch", () => {
  it("says how many predictions were made, between what they lie, what was rejected, and how to get them", () => {
    expect(batchCompleted(detail)).to.deep.equal({
      subject: "Batch 01234567: 6,430 predictions of fare, 3 rows rejected",
      paragraphs: [
        `The batch ${batch} is done: 6,430 predictions of fare were made in 3 min 20 s, by release r-1.`,
        "They range from 3.20 to 61.10 USD, 12.55 USD on average.",
        "3 rows of 6,433 could not be predicted. The file of rejected rows says why, with row, field, value and rule.",
        `Its results are at this address, for whoever has an API key:\n${link}`,
      ],
    });
  });

  it("counts classes, and is silent about what there is not", () => {
    const summary = { classes: { setosa: 2, virginica: 12 } };
    const { subject, paragraphs } = batchCompleted({ ...detail, rejected: 0, summary, link: undefined });
    expect(subject).to.equal("Batch 01234567: 6,433 predictions of fare");
    expect(paragraphs.slice(1)).to.deep.equal(["They are 12 virginica, 2 setosa."]);
  });

  it("says why a batch failed", () => {
    expect(batchFailed({ batch, reason: "The uploaded file is empty." })).to.deep.equal({
      subject: "Batch 01234567 failed",
      paragraphs: [`The batch ${batch} failed.`, "Reason: The uploaded file is empty."],
    });
  });
});
