import {
  AddTagsCommand,
  CreateEndpointCommand,
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  CreateTrainingJobCommand,
  DeleteModelCommand,
  DeleteModelPackageCommand,
  DeleteModelPackageGroupCommand,
  DeleteTagsCommand,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  DescribeModelPackageCommand,
  DescribeModelPackageGroupCommand,
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  ListModelPackagesCommand,
  ListModelsCommand,
  ListNotebookInstancesCommand,
  ListTagsCommand,
  ListTrainingJobsCommand,
  UpdateModelPackageCommand,
  paginateListModels,
} from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { failure } from "../laptop";
import { type Target, createRole, imageUri, target, train, trainingRequest } from "./target";

const arn = (rest: string) => `arn:aws:sagemaker:us-east-1:000000000000:${rest}`;

describe("control plane of the local SageMaker", function () {
  this.timeout(60_000);
  let made: Target;
  before(async () => {
    made = await target();
  });

  const createModel = (ModelName: string, Environment = {}) =>
    made.sagemaker.send(
      new CreateModelCommand({
        ModelName,
        ExecutionRoleArn: made.roleArn,
        PrimaryContainer: { Image: imageUri, Environment },
      }),
    );

  /** A request as it goes over the wire: the SDK itself would not send a wrong one. */
  const raw = async (
    action: string,
    body: unknown,
  ): Promise<{ status: number; type: string; message: string }> => {
    const answer = await fetch(made.laptop.state.sagemakerUrl, {
      method: "POST",
      headers: {
        "x-amz-target": `SageMaker.${action}`,
        "content-type": "application/x-amz-json-1.1",
        authorization:
          "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sagemaker/aws4_request, SignedHeaders=host, Signature=0",
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const { __type, message } = (await answer.json()) as { __type: string; message: string };
    return { status: answer.status, type: __type, message };
  };

  describe("validation", () => {
    const cases: [string, string, unknown, string][] = [
      [
        "a name that breaks its pattern",
        "CreateModel",
        { ModelName: "my_model" },
        "1 validation error detected: Value 'my_model' at 'modelName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9]([\\-a-zA-Z0-9]*[a-zA-Z0-9])?",
      ],
      [
        "a missing member",
        "DescribeModel",
        {},
        "1 validation error detected: Value null at 'modelName' failed to satisfy constraint: Member must not be null",
      ],
      [
        "a name that is too long",
        "DescribeModel",
        { ModelName: "m".repeat(64) },
        `1 validation error detected: Value '${"m".repeat(64)}' at 'modelName' failed to satisfy constraint: Member must have length less than or equal to 63`,
      ],
      [
        "a number out of range",
        "ListModels",
        { MaxResults: 101 },
        "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100",
      ],
      [
        "a value outside its enumeration",
        "ListModels",
        { SortOrder: "Sideways" },
        "1 validation error detected: Value 'Sideways' at 'sortOrder' failed to satisfy constraint: Member must satisfy enum value set: [Ascending, Descending]",
      ],
      [
        "several at once, deep inside",
        "CreateEndpointConfig",
        {
          EndpointConfigName: "c",
          ProductionVariants: [{ VariantName: "a", ModelName: "m" }, { InitialVariantWeight: -1 }],
        },
        "2 validation errors detected: Value null at 'productionVariants.2.member.variantName' failed to satisfy constraint: Member must not be null; Value '-1' at 'productionVariants.2.member.initialVariantWeight' failed to satisfy constraint: Member must have value greater than or equal to 0",
      ],
      [
        "a map's key",
        "CreateModel",
        { ModelName: "m", PrimaryContainer: { Environment: { "not a name": "x" } } },
        "1 validation error detected: Value '{not a name=x}' at 'primaryContainer.environment' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_]*]",
      ],
    ];
    for (const [title, action, input, message] of cases) {
      it(`refuses ${title} in AWS's words`, async () => {
        expect(await raw(action, input)).to.deep.equal({ status: 400, type: "ValidationException", message });
      });
    }

    it("refuses a wrong type and what is no JSON", async () => {
      const wrong = await raw("DescribeModel", { ModelName: 7 });
      expect(wrong).to.deep.include({ status: 400, type: "SerializationException" });
      expect(wrong.message).to.equal("NUMBER_VALUE can not be converted to a String");
      expect(await raw("DescribeModel", "{")).to.deep.include({ type: "SerializationException" });
      expect(await raw("DescribeModel", "[]")).to.deep.include({ type: "SerializationException" });
    });

    it("names an operation that it does not have, or that does not exist", async () => {
      const lacking = await failure(made.sagemaker.send(new ListNotebookInstancesCommand({})));
      expect(lacking.name).to.equal("UnknownOperationException");
      expect(lacking.message).to.contain("ListNotebookInstances");
      expect((await raw("ListUnicorns", {})).message).to.contain("SageMaker.ListUnicorns");
    });

    it("refuses at once what it could only run wrongly", async () => {
      const group = { InstanceType: "ml.m5.large", InstanceCount: 2, InstanceGroupName: "workers" } as const;
      const request = trainingRequest("many", made, {
        ResourceConfig: { InstanceGroups: [group], VolumeSizeInGB: 1 },
      });
      const error = await failure(made.sagemaker.send(new CreateTrainingJobCommand(request)));
      expect(error.message).to.contain("does not support ResourceConfig.InstanceGroups");
    });
  });

  describe("names", () => {
    it("says in AWS's words that something is not there", async () => {
      const { sagemaker } = made;
      const messages = await Promise.all(
        [
          sagemaker.send(new DescribeModelCommand({ ModelName: "absent" })),
          sagemaker.send(new DescribeEndpointConfigCommand({ EndpointConfigName: "absent" })),
          sagemaker.send(new CreateEndpointCommand({ EndpointName: "e", EndpointConfigName: "absent" })),
          sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: "absent" })),
          sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName: "absent" })),
          sagemaker.send(new DescribeModelPackageGroupCommand({ ModelPackageGroupName: "absent" })),
          sagemaker.send(
            new CreateEndpointConfigCommand({
              EndpointConfigName: "c",
              ProductionVariants: [{ VariantName: "v", ModelName: "absent", InstanceType: "ml.m5.large" }],
            }),
          ),
        ].map(async (promise) => {
          const { name, message } = await failure(promise);
          return `${name}: ${message}`;
        }),
      );
      expect(messages).to.deep.equal([
        `ValidationException: Could not find model "${arn("model/absent")}".`,
        `ValidationException: Could not find endpoint configuration "${arn("endpoint-config/absent")}".`,
        `ValidationException: Could not find endpoint configuration "${arn("endpoint-config/absent")}".`,
        "ValidationException: Requested resource not found.",
        "ValidationException: Could not find requested job with name: absent",
        `ValidationException: ModelPackageGroup ${arn("model-package-group/absent")} does not exist.`,
        `ValidationException: Could not find model "${arn("model/absent")}".`,
      ]);
    });

    it("refuses to make something twice", async () => {
      await createModel("Twice");
      const model = await failure(createModel("Twice"));
      expect(model.message).to.equal(`Cannot create already existing model "${arn("model/twice")}".`);
      await train(made, "twice");
      const job = await failure(train(made, "twice"));
      expect(job.name).to.equal("ResourceInUse");
      expect(job.message).to.contain("must be unique within an AWS account and region");
    });

    it("requires a role that exists and trusts SageMaker", async () => {
      const lambdas = await createRole(made, "for-lambda", [], "lambda.amazonaws.com");
      for (const RoleArn of [lambdas, "arn:aws:iam::000000000000:role/absent"]) {
        const error = await failure(train(made, "no-role", { RoleArn }));
        expect(error.name).to.equal("ValidationException");
        expect(error.message).to.contain(
          `Could not assume role ${RoleArn}. Please ensure that the role exists`,
        );
      }
    });
  });

  describe("lists", () => {
    before(async () => {
      for (const name of ["list-c", "list-a", "list-b"]) await createModel(name);
    });

    const names = async (input: object) => {
      const { Models } = await made.sagemaker.send(
        new ListModelsCommand({ NameContains: "list-", ...input }),
      );
      return Models?.map(({ ModelName }) => ModelName);
    };

    it("are sorted as asked, by default the newest first", async () => {
      expect(await names({})).to.deep.equal(["list-b", "list-a", "list-c"]);
      expect(await names({ SortOrder: "Ascending" })).to.deep.equal(["list-c", "list-a", "list-b"]);
      expect(await names({ SortBy: "Name", SortOrder: "Ascending" })).to.deep.equal([
        "list-a",
        "list-b",
        "list-c",
      ]);
    });

    it("come in pages that miss nothing when something is deleted meanwhile", async () => {
      await createModel("list-d");
      const seen: (string | undefined)[] = [];
      const pages = paginateListModels(
        { client: made.sagemaker, pageSize: 2 },
        { NameContains: "list-", SortBy: "Name" },
      );
      for await (const page of pages) {
        seen.push(...(page.Models ?? []).map(({ ModelName }) => ModelName));
        if (seen.length === 2) await made.sagemaker.send(new DeleteModelCommand({ ModelName: "list-d" }));
      }
      expect(seen).to.deep.equal(["list-d", "list-c", "list-b", "list-a"]);
      const error = await failure(made.sagemaker.send(new ListModelsCommand({ NextToken: "nonsense" })));
      expect(error.name).to.equal("ValidationException");
    });

    it("filter by status and time", async () => {
      await train(made, "list-failed", { HyperParameters: { mode: "fail" } });
      const jobs = async (input: object) => {
        const { TrainingJobSummaries } = await made.sagemaker.send(new ListTrainingJobsCommand(input));
        return TrainingJobSummaries?.map(({ TrainingJobName }) => TrainingJobName);
      };
      expect(await jobs({ StatusEquals: "Failed", NameContains: "list-" })).to.deep.equal(["list-failed"]);
      expect(await jobs({ StatusEquals: "Stopped", NameContains: "list-" })).to.deep.equal([]);
      const later = new Date(Date.now() + 60_000);
      expect(await jobs({ CreationTimeAfter: later })).to.deep.equal([]);
      expect(await jobs({ CreationTimeBefore: later, NameContains: "list-" })).to.deep.equal(["list-failed"]);
    });
  });

  it("keeps tags", async () => {
    const { ModelArn: ResourceArn } = await createModel("tagged");
    const { sagemaker } = made;
    await sagemaker.send(
      new AddTagsCommand({
        ResourceArn,
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "b", Value: "2" },
        ],
      }),
    );
    await sagemaker.send(new AddTagsCommand({ ResourceArn, Tags: [{ Key: "a", Value: "3" }] }));
    await sagemaker.send(new DeleteTagsCommand({ ResourceArn, TagKeys: ["b"] }));
    expect((await sagemaker.send(new ListTagsCommand({ ResourceArn }))).Tags).to.deep.equal([
      { Key: "a", Value: "3" },
    ]);
    const absent = await failure(sagemaker.send(new ListTagsCommand({ ResourceArn: arn("model/absent") })));
    expect(absent.name).to.equal("ValidationException");
  });

  it("registers model packages: versions, approval, deletion", async () => {
    const { sagemaker } = made;
    const ModelPackageGroupName = "fares";
    await sagemaker.send(
      new CreateModelPackageGroupCommand({ ModelPackageGroupName, Tags: [{ Key: "k", Value: "v" }] }),
    );
    const Containers = [{ Image: imageUri, ModelDataUrl: "s3://numbers/model.tar.gz" }];
    const create = new CreateModelPackageCommand({
      ...{
        ModelPackageGroupName,
        InferenceSpecification: { Containers },
        ModelApprovalStatus: "PendingManualApproval",
      },
      CustomerMetadataProperties: { commit: "abc" },
    });
    const first = await sagemaker.send(create);
    expect(first.ModelPackageArn).to.equal(arn("model-package/fares/1"));
    const second = await sagemaker.send(create);
    await sagemaker.send(
      new UpdateModelPackageCommand({
        ...{
          ModelPackageArn: second.ModelPackageArn,
          ModelApprovalStatus: "Rejected",
          ApprovalDescription: "worse",
        },
        CustomerMetadataProperties: { by: "me" },
      }),
    );
    const described = await sagemaker.send(
      new DescribeModelPackageCommand({ ModelPackageName: second.ModelPackageArn }),
    );
    expect(described).to.deep.include({
      ModelPackageVersion: 2,
      ModelApprovalStatus: "Rejected",
      ApprovalDescription: "worse",
    });
    expect(described.CustomerMetadataProperties).to.deep.equal({ commit: "abc", by: "me" });
    const list = async (input: object) => {
      const answer = await sagemaker.send(new ListModelPackagesCommand({ ModelPackageGroupName, ...input }));
      return answer.ModelPackageSummaryList?.map(({ ModelPackageVersion }) => ModelPackageVersion);
    };
    expect(await list({ SortOrder: "Descending" })).to.deep.equal([2, 1]);
    expect(await list({ ModelApprovalStatus: "Rejected" })).to.deep.equal([2]);
    const full = await failure(sagemaker.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName })));
    expect(full.name).to.equal("ConflictException");
    for (const { ModelPackageArn } of [first, second]) {
      await sagemaker.send(new DeleteModelPackageCommand({ ModelPackageName: ModelPackageArn }));
    }
    await sagemaker.send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName }));
  });
});
