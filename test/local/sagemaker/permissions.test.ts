import { DeleteUserPolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateEndpointCommand,
  CreateModelCommand,
  DescribeTrainingJobCommand,
  ListModelsCommand,
  SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { expect } from "chai";
import { clientConfig } from "../../../local/state";
import { failure } from "../laptop";
import {
  type Target,
  createConfig,
  endpointSettled,
  imageUri,
  invoke,
  target,
  train,
  userClients,
} from "./target";

const arn = (rest: string) => `arn:aws:sagemaker:us-east-1:000000000000:${rest}`;
const allow = (Action: string | string[], Resource: string) => ({ Effect: "Allow", Action, Resource });

describe("permissions on the local SageMaker", function () {
  this.timeout(60_000);
  let made: Target;

  before(async () => {
    made = await target();
    const job = await train(made, "for-permissions");
    await createConfig(made, "guarded", job.ModelArtifacts?.S3ModelArtifacts ?? "");
    await made.sagemaker.send(
      new CreateEndpointCommand({ EndpointName: "guarded", EndpointConfigName: "guarded" }),
    );
    await endpointSettled(made, "guarded");
  });

  it("refuses InvokeEndpoint to whom no policy allows it, naming action and resource", async () => {
    const { runtime } = await userClients(made, "nobody", []);
    const error = await failure(invoke({ runtime }, "guarded"));
    expect(error.name).to.equal("AccessDeniedException");
    expect(error.message).to.equal(
      `User: arn:aws:iam::000000000000:user/nobody is not authorized to perform: sagemaker:InvokeEndpoint on resource: ${arn("endpoint/guarded")} because no identity-based policy allows the sagemaker:InvokeEndpoint action`,
    );
  });

  it("allows InvokeEndpoint on the one endpoint that a policy names", async () => {
    const policy = [allow("sagemaker:InvokeEndpoint", arn("endpoint/guarded"))];
    const { runtime } = await userClients(made, "caller", policy);
    expect((await invoke({ runtime }, "guarded")).release).to.equal("guarded");
    expect((await failure(invoke({ runtime }, "other"))).name).to.equal("AccessDeniedException");
  });

  it("refuses InvokeEndpoint soon after its policy is gone", async () => {
    const policy = [allow("sagemaker:InvokeEndpoint", arn("endpoint/guarded"))];
    const { runtime } = await userClients(made, "leaver", policy);
    await invoke({ runtime }, "guarded");
    await made.iam.send(new DeleteUserPolicyCommand({ UserName: "leaver", PolicyName: "user" }));
    const deadline = Date.now() + 5_000;
    let refusal: Error | undefined;
    while (!refusal && Date.now() < deadline)
      refusal = await invoke({ runtime }, "guarded").then(
        () => undefined,
        (error: Error) => error,
      );
    expect(refusal?.name).to.equal("AccessDeniedException");
  });

  it("refuses a forged InvokeEndpoint to whom it has just allowed one", async () => {
    const policy = [allow("sagemaker:InvokeEndpoint", arn("endpoint/guarded"))];
    const { runtime, credentials } = await userClients(made, "victim", policy);
    await invoke({ runtime }, "guarded");
    const forger = new SageMakerRuntimeClient({
      ...clientConfig(made.laptop.state, "sagemaker-runtime"),
      credentials: { ...credentials, secretAccessKey: "guessed" },
    });
    expect((await failure(invoke({ runtime: forger }, "guarded"))).name).to.equal(
      "InvalidSignatureException",
    );
  });

  it("refuses an operation of the control plane to whom no policy allows it", async () => {
    const { sagemaker } = await userClients(made, "lister", [allow("sagemaker:ListModels", "*")]);
    await sagemaker.send(new ListModelsCommand({}));
    const error = await failure(
      sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: "for-permissions" })),
    );
    expect(error.name).to.equal("AccessDeniedException");
    expect(error.message).to.contain("sagemaker:DescribeTrainingJob");
    expect(error.message).to.contain(arn("training-job/for-permissions"));
  });

  it("asks for iam:PassRole where a role is handed over", async () => {
    const create = allow("sagemaker:CreateModel", "*");
    const model = (ModelName: string) =>
      new CreateModelCommand({
        ModelName,
        ExecutionRoleArn: made.roleArn,
        PrimaryContainer: { Image: imageUri },
      });
    const without = await userClients(made, "without-pass-role", [create]);
    const error = await failure(without.sagemaker.send(model("passed")));
    expect(error.name).to.equal("AccessDeniedException");
    expect(error.message).to.contain(`iam:PassRole on resource: ${made.roleArn}`);
    const Condition = { StringEquals: { "iam:PassedToService": "sagemaker.amazonaws.com" } };
    const passRole = { ...allow("iam:PassRole", made.roleArn), Condition };
    const withIt = await userClients(made, "with-pass-role", [create, passRole]);
    await withIt.sagemaker.send(model("passed"));
  });

  it("refuses a wrong secret, an unknown key and no signature at all", async () => {
    const { credentials } = await userClients(made, "forged", [allow("sagemaker:*", "*")]);
    const list = (accessKeyId: string, secretAccessKey: string) => {
      const config = {
        ...clientConfig(made.laptop.state, "sagemaker"),
        credentials: { accessKeyId, secretAccessKey },
      };
      return new SageMakerClient(config).send(new ListModelsCommand({}));
    };
    await list(credentials.accessKeyId, credentials.secretAccessKey);
    expect((await failure(list(credentials.accessKeyId, "wrong"))).name).to.equal(
      "InvalidSignatureException",
    );
    expect((await failure(list("AKIAABSENTABSENTABSE", "x"))).name).to.equal("UnrecognizedClientException");
    const unsigned = await fetch(made.laptop.state.sagemakerUrl, {
      method: "POST",
      headers: { "x-amz-target": "SageMaker.ListModels" },
      body: "{}",
    });
    expect(unsigned.status).to.equal(400);
    expect(await unsigned.json()).to.deep.include({ __type: "MissingAuthenticationTokenException" });
  });
});
