import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { recordSchema, type RecordSchema } from "../../../handlers/shared/schema";
import { openApiDocument } from "../../../handlers/site/openapi/document";
import { problemNames } from "../../../handlers/site/openapi/problems";

const handlers = join(__dirname, "..", "..", "..", "handlers");

/** The same table with classes to predict. */
const classes: RecordSchema = {
  ...recordSchema,
  properties: {
    ...recordSchema.properties,
    fare: { type: "string", enum: ["low", "high"], examples: ["low"], "x-role": "target" },
  },
};

describe("the OpenAPI document", () => {
  for (const [name, schema, subscriptions] of [
    ["numbers", recordSchema, true],
    ["classes, without subscriptions", classes, false],
  ] as const) {
    it(`passes a linter: ${name}`, async () => {
      const config = await createConfig({
        extends: ["recommended-strict"],
        rules: { "info-license": "off" }, // the code has one, a team's own API need not
      });
      const source = JSON.stringify(openApiDocument(schema, { subscriptions }));
      const problems = await lintFromString({ source, config });
      expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).to.be
        .empty;
    });
  }

  it("has what a request may hold and nothing else of the schema", () => {
    const { Record } = openApiDocument(recordSchema, { subscriptions: false }).components!.schemas!;
    expect(Record).to.have.property("additionalProperties", false);
    expect(Record).to.have.property("properties").that.has.property("distance");
    expect(Record).to.have.property("properties").that.does.not.have.property("fare");
  });

  it("has subscriptions only where the stack has them", () => {
    const paths = (subscriptions: boolean) =>
      Object.keys(openApiDocument(recordSchema, { subscriptions }).paths ?? {});
    expect(paths(true)).to.include("/subscriptions").and.to.include("/unsubscribe");
    expect(paths(false).join()).not.to.include("subscri");
  });

  it("names every problem that the Lambdas of the API have", () => {
    const sources = ["predict", "site", "shared"].flatMap((folder) =>
      readdirSync(join(handlers, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts") && !file.startsWith("openapi"))
        .map((file) => readFileSync(join(handlers, folder, file), "utf8")),
    );
    const used = sources.flatMap((text) =>
      [...text.matchAll(/status(?:: \d+)?,\s+name: "([a-z-]+)"/g)].map((match) => match[1]),
    );
    expect(used).to.have.length.above(5);
    expect(problemNames).to.include.members(used);
  });
});
