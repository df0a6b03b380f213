import { expect } from "chai";
import { DataBucket } from "../../../components/data/data-bucket";
import { DataScientists } from "../../../components/endpoint/data-scientists";
import { ModelEndpoint } from "../../../components/endpoint/model-endpoint";
import { ModelImage } from "../../../components/release/model-image";
import { context, declare, failure, only, statements } from "../mocks";

function scientists(principals: string[]): DataScientists {
  const image = { context, folder: "model-image", baseImage: "python", deleteImages: true };
  const endpoint = new ModelEndpoint("endpoint", {
    ...{ context, data: new DataBucket("data", { context, deleteData: true }) },
    ...{ image: new ModelImage("image", image), release: undefined, logRetentionDays: 30 },
    capacity: { kind: "serverless", memorySizeInMb: 2048, maxConcurrency: 5 },
    guardrails: {
      ...{ canaryPercent: 20, bakeSeconds: 300, alarmPeriodSeconds: 60, max5xxPercent: 1, maxLatencyMs: 250 },
    },
  });
  return new DataScientists("scientists", { context, endpoint, principals });
}

const trusted = async (principals: string[]) => {
  const declared = await declare(() => void scientists(principals));
  return statements(only(declared, "Role", "scientists-role"), "assumeRolePolicy");
};

describe("DataScientists", () => {
  it("may describe and invoke the endpoint of the stack, and has no other policy", async () => {
    const declared = await declare(() => void scientists([]));
    const policies = declared.filter(({ name }) => name.includes("data-scientists"));
    const allowed = policies.flatMap(({ inputs }) => statements(inputs));
    const Resource = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/slipway-dev-serverless";
    expect(allowed).to.have.deep.members([
      { Effect: "Allow", Action: "sagemaker:InvokeEndpoint", Resource },
      { Effect: "Allow", Action: "sagemaker:DescribeEndpoint", Resource },
    ]);
  });

  it("trusts those who are named, and without any, whom the account allows to", async () => {
    const statement = { Effect: "Allow", Action: "sts:AssumeRole" };
    const ada = "arn:aws:iam::123456789012:user/ada";
    expect(await trusted([])).to.deep.equal([
      { ...statement, Principal: { AWS: ["arn:aws:iam::123456789012:root"] } },
    ]);
    expect(await trusted([ada])).to.deep.equal([{ ...statement, Principal: { AWS: [ada] } }]);
  });

  for (const bad of ["*", "ada", "arn:aws:iam::123456789012:group/analysts"]) {
    it(`refuses ${bad}, naming the setting`, async () => {
      const message = await failure(() => declare(() => void scientists([bad])));
      expect(message).to.include("dataScientists").and.include(bad);
    });
  }
});
