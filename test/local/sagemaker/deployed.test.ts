import { expect } from "chai";
import { completed } from "../../../local/sagemaker/endpoints/deployed";
import { type DeployedVariant, type FleetRecord } from "../../../local/sagemaker/records";

describe("a fleet that an earlier version left", () => {
  const variant = {
    VariantName: "AllTraffic",
    InitialVariantWeight: 2,
    InitialInstanceCount: 3,
  };
  const left = { id: "i-1", endpointConfigName: "first", since: 1 };

  it("gets the weight and the count of its configuration, and no shadows", () => {
    const fleet = completed({ ...left, variants: [{ variant } as DeployedVariant] });
    expect(fleet).to.deep.include({ ...left, shadows: [] });
    expect(fleet.variants[0]).to.deep.equal({ variant, weight: 2, instanceCount: 3 });
  });

  it("keeps what it has", () => {
    const fleet = { ...left, variants: [{ variant, weight: 0, instanceCount: 5 }], shadows: [] };
    expect(completed(fleet as unknown as FleetRecord)).to.deep.equal(fleet);
  });
});
