import { expect } from "chai";
import { bootstrapped } from "../../../automation/bootstrap/stack-file";
import { type Bootstrapped } from "../../../automation/bootstrap/terraform";

const made = {
  region: "eu-central-1",
  secrets_provider: "awskms://alias/slipway-pulumi?region=eu-central-1",
  workload_boundary_arn: "arn:aws:iam::123456789012:policy/slipway-boundary-workload",
} as Bootstrapped;

describe("what bootstrap writes into Pulumi.<stack>.yaml", () => {
  const file = "# Mine.\nconfig:\n  aws:region: us-east-1 # near us\n  slipway:endpoint: real-time\n";

  it("is added, and all else stays", () => {
    const text = bootstrapped(file, made, "slipway");
    expect(text).to.contain("# Mine.").and.contain("  slipway:endpoint: real-time\n");
    expect(text).to.match(/^ {2}aws:region: eu-central-1 # near us$/m);
    expect(text).to.match(
      /^ {2}slipway:permissionsBoundary: arn:aws:iam::123456789012:policy\/slipway-boundary-workload$/m,
    );
    expect(text).to.match(/^secretsprovider: awskms:\/\/alias\/slipway-pulumi\?region=eu-central-1$/m);
  });

  it("is there once, however often it is written", () => {
    const once = bootstrapped(file, made, "slipway");
    expect(bootstrapped(once, made, "slipway")).to.equal(once);
  });

  it("takes away a data key that another KMS key has encrypted, and only then", () => {
    const own = `${bootstrapped(file, made, "slipway")}encryptedkey: AAAA\n`;
    expect(bootstrapped(own, made, "slipway")).to.contain("encryptedkey");
    const moved = { ...made, secrets_provider: "awskms://alias/other" };
    expect(bootstrapped(own, moved, "slipway")).not.to.contain("encryptedkey");
  });

  it("makes a file for a stack that has none", () => {
    expect(bootstrapped("", made, "slipway"))
      .to.contain("config:")
      .and.contain("aws:region: eu-central-1");
  });
});
