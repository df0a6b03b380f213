import * as aws from "@pulumi/aws";
import * as ecr from "@pulumi/awsx/ecr";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";
import { type Grantee, grant } from "../shared/policy";

export interface ModelImageArgs {
  context: Context;
  /** Folder with the `Dockerfile`. */
  folder: string;
  /** Image that the Dockerfile starts from (build argument BASE_IMAGE). */
  baseImage: string;
  /** Whether destroying the stack deletes the images as well. */
  deleteImages: boolean;
}

const imagesKept = 30;

/** The team's container: an ECR repository, and the image of `folder` built and pushed into it. */
export class ModelImage extends pulumi.ComponentResource {
  readonly repository: ecr.Repository;
  /** `<repository>@sha256:...`: never another image under the same name. */
  readonly uri: pulumi.Output<string>;

  constructor(
    private readonly name: string,
    args: ModelImageArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:model:ModelImage", name, {}, opts);
    const { context } = args;
    this.repository = new ecr.Repository(
      `${name}-repository`,
      {
        name: `${context.project}-${context.stack}`,
        forceDelete: args.deleteImages,
        imageScanningConfiguration: { scanOnPush: true },
        lifecyclePolicy: {
          rules: [
            {
              description: `Keep the ${imagesKept} newest images`,
              tagStatus: "any",
              maximumNumberOfImages: imagesKept,
            },
          ],
        },
        tags: context.tags,
      },
      { parent: this },
    );
    const login = aws.ecr.getAuthorizationTokenOutput({}, { parent: this });
    const image = new docker.Image(
      `${name}-image`,
      {
        imageName: pulumi.interpolate`${this.repository.url}:latest`,
        build: {
          context: args.folder,
          dockerfile: `${args.folder}/Dockerfile`,
          platform: "linux/amd64", // what SageMaker runs
          args: { BASE_IMAGE: args.baseImage },
        },
        registry: { server: this.repository.url, username: login.userName, password: login.password },
      },
      { parent: this },
    );
    this.uri = image.repoDigest;
    this.registerOutputs({ uri: this.uri });
  }

  /** Lets the grantee pull the image. */
  grantPull(grantee: Grantee): void {
    grant(
      this.name,
      grantee,
      "pull",
      [
        {
          Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
          Resource: this.repository.repository.arn,
        },
        // A token is for a whole registry: AWS knows no narrower resource for this action.
        { Action: "ecr:GetAuthorizationToken", Resource: "*" },
      ],
      this,
    );
  }
}
