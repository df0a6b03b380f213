import { expect } from "chai";
import { RecordCheck } from "../../../handlers/shared/record-check";
import { recordSchema } from "../../../handlers/shared/schema";

const trip = { pickup: "2019-03-23 20:21:09", passengers: 1, distance: 1.6, fare: 7, color: "yellow" };

describe("check of a record", () => {
  const check = new RecordCheck(recordSchema);
  const of = (value: unknown) =>
    check.check(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));
  const without = (name: string) => Object.fromEntries(Object.entries(trip).filter(([key]) => key !== name));

  it("passes a record on as it is: digits, order and spaces", () => {
    const text = `{ "fare": 7.10, "pickup": "2019-03-23 20:21:09", "passengers": 1,"distance": 1.60,"color":"green"}`;
    expect(of(text)).to.deep.equal({ line: text });
  });

  it("makes one line of a record that is written in many", () => {
    const checked = of(`\ufeff\n${JSON.stringify(trip, null, 2)}\r\n`);
    expect("line" in checked && checked.line).to.not.match(/[\r\n]/);
    expect(JSON.parse((checked as { line: string }).line)).to.deep.equal(trip);
  });

  it("takes null and nothing for an optional field", () => {
    expect(of({ ...trip, tip: null })).to.have.property("line");
    expect(of(trip)).to.have.property("line");
  });

  const wrong: [string, unknown, string][] = [
    ["no JSON", '{"fare":', "the record is not JSON"],
    ["nothing", "", "the record is not JSON"],
    ["an array", [trip], "the record is an array, not one JSON object"],
    ["null", "null", "the record is null, not one JSON object"],
    ["two records", `${JSON.stringify(trip)}\n${JSON.stringify(trip)}`, "the record is not JSON"],
    ["a missing field", without("fare"), "fare is required"],
    ["an unknown field", { ...trip, surplus: 1 }, "surplus is not a field of schema.json"],
    ["another type", { ...trip, fare: "7" }, 'fare must be a number (given: "7")'],
    ["a value out of range", { ...trip, passengers: 12 }, "passengers must be at most 9 (given: 12)"],
    [
      "a day that is not",
      { ...trip, pickup: "2019-02-30 10:00:00" },
      'pickup must be a date and time that exists (given: "2019-02-30 10:00:00")',
    ],
  ];
  for (const [what, value, reason] of wrong) {
    it(`says what is wrong with ${what}`, () => expect(of(value)).to.deep.equal({ reason }));
  }

  it("says so of bytes that are no text, and shows little of what is long", () => {
    expect(check.check(Buffer.from([0xff, 0xfe, 0x00]))).to.deep.equal({ reason: "the record is not UTF-8" });
    const { reason } = of({ ...trip, color: "x".repeat(5000) }) as { reason: string };
    expect(reason.length).to.be.below(300);
  });
});
