import { expect } from "chai";
import {
  type Attributes,
  Mapper,
  plainLines,
  type Seen,
  toJson,
} from "../../../handlers/ingest-dynamodb/items";
import { recordSchema } from "../../../handlers/shared/schema";
import { failure } from "../../components/mocks";

async function* chunks(text: string, size = 7): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function lines(items: unknown[], attributes: Attributes = {}, seen: Seen = { items: 0, deletions: 0 }) {
  const text = items.map((item) => `${typeof item === "string" ? item : JSON.stringify(item)}\n`).join("");
  const found: string[] = [];
  for await (const some of plainLines(chunks(text), new Mapper(recordSchema, attributes), seen))
    found.push(some);
  return found.join("").split("\n").slice(0, -1);
}

describe("items of a DynamoDB export", () => {
  it("keep every digit of a number", () => {
    const N = "12345678901234567890123456789012345678";
    expect(toJson({ N })).to.equal(N);
    expect(toJson({ N: "0.10" })).to.equal("0.10");
    expect(toJson({ N: "1E+30" })).to.equal("1E+30");
    expect(toJson({ N: "Infinity" })).to.equal('"Infinity"');
  });

  it("become what schema.json says", () => {
    expect(toJson({ S: "12.5" }, ["number", "null"])).to.equal("12.5");
    expect(toJson({ S: "twelve" }, ["number"])).to.equal('"twelve"');
    expect(toJson({ N: "7" }, ["string"])).to.equal('"7"');
    expect(toJson({ N: "7" }, ["string", "number"])).to.equal("7");
    expect(toJson({ S: 'a "quoted" é' }, ["string"])).to.equal('"a \\"quoted\\" é"');
    expect(toJson({ BOOL: false })).to.equal("false");
    expect(toJson({ NULL: true })).to.equal("null");
    expect(toJson({ M: { a: { L: [{ N: "1" }, { NS: ["2", "3"] }] } } })).to.equal('{"a":[1,[2,3]]}');
  });

  it("are renamed and left out as the settings say", async () => {
    const item = { id: { S: "t1" }, pickup_at: { S: "2019-03-23 20:21:09" }, fare: { N: "7.50" } };
    expect(await lines([{ Item: item }], { id: null, pickup_at: "pickup" })).to.eql([
      '{"pickup":"2019-03-23 20:21:09","fare":7.50}',
    ]);
  });

  it("have null where others have an attribute, so that the first one need not have all", async () => {
    const [first, second] = await lines([
      { Item: { fare: { N: "1" } } },
      { Item: { fare: { N: "2" }, tip: { N: "3" } } },
    ]);
    expect(JSON.parse(first!)).to.eql({ fare: 1, tip: null });
    expect(JSON.parse(second!)).to.eql({ fare: 2, tip: 3 });
  });

  it("come out once each, however many", async () => {
    const items = Array.from({ length: 2500 }, (_, n) => ({ Item: { fare: { N: `${n}` } } }));
    const found = await lines(items);
    expect(found.map((line) => (JSON.parse(line) as { fare: number }).fare)).to.eql(items.map((_, n) => n));
  });

  it("that were deleted are counted", async () => {
    const seen = { items: 0, deletions: 0 };
    const Keys = { id: { S: "t1" } };
    const found = await lines(
      [
        { Metadata: {}, Keys },
        { Keys, NewImage: { fare: { N: "1" } } },
      ],
      {},
      seen,
    );
    expect(found).to.eql(['{"fare":1}']);
    expect(seen).to.eql({ items: 1, deletions: 1 });
  });

  it("say which line is none", async () => {
    const item = { Item: { fare: { N: "1" } } };
    expect(await failure(() => lines([item, '{"Item":{"fare":']))).to.contain("a line 2 that is no item");
    expect(await failure(() => lines([item, item, "{}"]))).to.contain("a line 3 that is no item");
  });
});
