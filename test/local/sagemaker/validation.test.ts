import { expect } from "chai";
import { join } from "node:path";
import { findServiceModels, ServiceModel } from "../../../local/sagemaker/protocol/service-model";
import { validate } from "../../../local/sagemaker/protocol/validation";

const folder = findServiceModels(join(__dirname, "..", "..", "..", ".venv"));
const runtime = ServiceModel.load(folder, "sagemaker-runtime");

describe("the local SageMaker's check of an input", () => {
  const check = (InferenceId: string) => () =>
    validate(runtime, runtime.inputShape("InvokeEndpoint")!, { EndpointName: "e", Body: "", InferenceId });

  it("reads AWS's Java patterns: an inference id is printable, and begins with no space", () => {
    expect(check("probe-1bf94558-d135 and more")).not.to.throw();
    expect(check(" 5f0e")).to.throw("inferenceId");
    expect(check("5f0e\u00e9")).to.throw("inferenceId");
  });
});
