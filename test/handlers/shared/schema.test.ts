import { Ajv2020 } from "ajv/dist/2020";
import { expect } from "chai";
import { recordSchema, requestSchema, targetOf } from "../../../handlers/shared/schema";

describe("handlers/shared/schema", () => {
  it("is valid JSON Schema 2020-12, in Ajv's strict mode", () => {
    const ajv = new Ajv2020({ strict: true });
    ajv.addVocabulary(["x-role", "x-unit"]);
    expect(() => ajv.compile(recordSchema)).not.to.throw();
  });

  it("asks for features and the time only", () => {
    const { properties, required, additionalProperties } = requestSchema(recordSchema);
    expect(Object.values(properties).map((field) => field["x-role"])).to.include.members(["time", "feature"]);
    expect(properties).to.have.any.keys("distance", "pickup").and.not.have.any.keys("fare", "tip", "dropoff");
    expect(required).to.deep.equal(["pickup", "passengers", "distance", "color"]);
    expect(additionalProperties).to.equal(false);
  });

  it("knows what is predicted", () => {
    expect(targetOf(recordSchema)).to.deep.equal({ name: "fare", unit: "USD" });
  });

  it("says what is wrong with a schema that requests cannot be made from", () => {
    const instances = { type: "number", "x-role": "feature", "x-unit": "" };
    expect(() => requestSchema({ ...recordSchema, properties: { instances } })).to.throw(
      "cannot be named instances",
    );
    expect(() => targetOf({ ...recordSchema, properties: { instances } })).to.throw("x-role target");
  });
});
