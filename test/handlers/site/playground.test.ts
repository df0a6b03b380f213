import { expect } from "chai";
import { createHash } from "node:crypto";
import { bundledFiles } from "../../../components/lambda/bundle";
import { recordSchema, type RecordSchema } from "../../../handlers/shared/schema";
import { type Field, formFields } from "../../../handlers/site/playground/fields";
import { figureOf } from "../../../handlers/site/playground/figure";
import { intervalDrawing, probabilityBars } from "../../../handlers/site/playground/drawing";
import { playground } from "../../../handlers/site/playground/page";

const fields = (properties: RecordSchema["properties"], required: string[] = []): Field[] =>
  formFields({ ...recordSchema, properties, required });

const control = (field: RecordSchema["properties"][string]) => fields({ field })[0]?.control;

const feature = { "x-role": "feature" };

describe("the playground's form", () => {
  it("has the fields of a request, the example filled in", () => {
    const names = formFields(recordSchema).map(({ name }) => name);
    expect(names).to.include.members(["pickup", "distance", "color"]).and.not.to.include.members(["fare"]);
    const distance = formFields(recordSchema).find(({ name }) => name === "distance");
    expect(distance).to.deep.include({ label: "Distance", unit: "miles", optional: false });
    expect(distance?.control).to.deep.equal({ kind: "number", min: 0, max: 200, step: "any", value: "1.6" });
  });

  it("writes a time as the example is written", () => {
    const time = (example: string) => control({ type: "string", "x-role": "time", examples: [example] });
    expect(time("2019-03-23 20:21:09")).to.deep.equal({
      ...{ kind: "time", type: "datetime-local", separator: " ", value: "2019-03-23T20:21:09" },
    });
    expect(time("2019-03-23T20:21")).to.deep.include({ separator: "T", value: "2019-03-23T20:21" });
    expect(time("2019-03-23")).to.deep.include({ type: "date", value: "2019-03-23" });
    expect(time("Saturday")).to.deep.include({ kind: "text", value: "Saturday" });
  });

  it("offers what a field may be, with null as not known", () => {
    expect(
      control({ ...feature, type: ["string", "null"], enum: ["a", null], examples: ["a"] }),
    ).to.deep.equal({
      kind: "choice",
      options: [
        { value: '"a"', label: "a", selected: true },
        { value: "null", label: "not known", selected: false },
      ],
    });
    expect(control({ ...feature, type: "boolean" })).to.have.property("kind", "choice");
  });

  it("has whole steps for integers, and a limit that is excluded as a limit", () => {
    expect(control({ ...feature, type: "integer", exclusiveMinimum: 0 })).to.deep.include({
      step: "1",
      min: 0,
    });
  });

  it("sends an empty field as null only where the schema wants it", () => {
    const type = ["string", "null"];
    const made = fields({ must: { ...feature, type }, may: { ...feature, type } }, ["must"]);
    expect(made.map(({ empty }) => empty)).to.deep.equal(["null", "omit"]);
  });
});

describe("the playground's page", () => {
  const files = bundledFiles("site");
  const assets = { script: files["browser/main.js"] ?? "", style: files["browser/main.css"] ?? "" };

  it("lets the browser run its own script and style and nothing else", async () => {
    const { html, headers } = await playground(recordSchema, assets);
    const hashes = [/<script type="module">(.*?)<\/script>/s, /<style>(.*?)<\/style>/s].map(
      (element) =>
        `'sha256-${createHash("sha256")
          .update(element.exec(html)?.[1] ?? "")
          .digest("base64")}'`,
    );
    const policy = headers["content-security-policy"];
    expect(policy).to.include(`script-src ${hashes[0]};`).and.to.include(`style-src ${hashes[1]};`);
    expect(policy).to.include("default-src 'none'").and.not.to.include("unsafe");
    expect(html).not.to.match(/ style="| on[a-z]+="/);
  });

  it("weighs 100 KB or less", async () => {
    expect(Buffer.byteLength((await playground(recordSchema, assets)).html)).to.be.below(100_000);
  });

  it("has no markup of the schema's", async () => {
    const evil = '<img src=x onerror="alert(1)">';
    const { distance } = recordSchema.properties;
    const schema = {
      ...{ ...recordSchema, title: evil, description: evil },
      properties: { ...recordSchema.properties, [evil]: { ...distance!, description: evil } },
    };
    expect((await playground(schema, assets)).html).not.to.include("<img");
  });
});

describe("the playground's figures", () => {
  it("show money as such and other numbers with their unit", () => {
    expect(figureOf("USD")(1234.5)).to.equal("$1,234.50");
    expect(figureOf("miles")(1.23456)).to.equal("1.235 miles");
    expect(figureOf("")(3)).to.equal("3");
  });

  it("draw the value between its limits, on an axis that holds all three", async () => {
    const svg = String(await intervalDrawing({ value: 8, lower: 4, upper: 20 }, 400, String));
    const at = (pattern: RegExp) => Number(pattern.exec(svg)?.[1]);
    const [left, value] = [at(/class="band" x="([\d.]+)"/), at(/class="dot" cx="([\d.]+)"/)];
    expect(left).to.be.within(16, 384);
    expect(value).to.be.above(left);
    expect(value).to.be.below(left + at(/class="band" x="[\d.]+" y="14" width="([\d.]+)"/));
  });

  it("draw an interval of no width, and a value outside of its interval", async () => {
    for (const interval of [
      { value: 0, lower: 0, upper: 0 },
      { value: -7, lower: 1, upper: 2 },
    ]) {
      expect(String(await intervalDrawing(interval, 320, String))).not.to.match(/NaN|Infinity/);
    }
  });

  it("list probabilities from the largest to the smallest, their names escaped", async () => {
    const bars = String(await probabilityBars({ "<b>": 0.2, high: 0.8 }));
    expect(bars.indexOf("high")).to.be.below(bars.indexOf("&lt;b&gt;"));
    expect(bars).to.include('width="80.00"').and.to.include("80%");
  });
});
