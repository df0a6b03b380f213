import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";

/** A trained model and the image that serves it. */
export interface Artifact {
  /** Comes back with each prediction. */
  id: string;
  /** `<repository>@sha256:...` */
  imageUri: string;
  /** `s3://.../model.tar.gz` */
  modelDataUrl: string;
}

/** What a stack is to serve. Written by the release engine into the stack's parameter, read by the program. */
export interface Release extends Artifact {
  /** Of the model package in the registry. */
  modelPackageArn: string;
  /** Instances that the endpoint had when this release was deployed: autoscaling's work, which it keeps. */
  instanceCount?: number;
  /** Gets a copy of each request beside it; its answers go nowhere. Real-time endpoints only. */
  shadow?: Artifact;
}

const noRelease = "none";

/** Name of the SSM parameter that says what a stack serves. */
export const releaseParameter = (project: string, stack: string) => `/${project}/${stack}/release`;

/** The parameter's text for a release; `undefined` for none. */
export const formatRelease = (release: Release | undefined) =>
  release ? JSON.stringify(release) : noRelease;

/** The release that a parameter's text names; undefined for none. */
export const parseRelease = (text: string | undefined): Release | undefined =>
  !text || text === noRelease ? undefined : (JSON.parse(text) as Release);

/**
 * The stack's parameter with the release that is to be served.
 *
 * Its value is what the parameter holds already: only a release, a rollback or a destroy changes it, so a plain
 * `pulumi up` never changes what is served, wherever it runs.
 */
export class CurrentRelease extends pulumi.ComponentResource {
  readonly parameter: aws.ssm.Parameter;

  private constructor(
    name: string,
    context: Context,
    readonly value: Release | undefined,
  ) {
    super("slipway:release:CurrentRelease", name);
    this.parameter = new aws.ssm.Parameter(
      `${name}-parameter`,
      {
        name: releaseParameter(context.project, context.stack),
        description: `The release that ${context.project}, stack ${context.stack}, serves. Changed by 'slipway release' only.`,
        type: "String",
        insecureValue: formatRelease(value), // no secret: identifiers only
        tags: context.tags,
      },
      { parent: this },
    );
    this.registerOutputs({ id: value?.id ?? noRelease });
  }

  /** Reads the parameter, which a new stack does not have yet, and declares it. */
  static async read(name: string, context: Context): Promise<CurrentRelease> {
    const parameter = releaseParameter(context.project, context.stack);
    const { names, values } = await aws.ssm.getParametersByPath({
      path: `/${context.project}/${context.stack}`,
    });
    return new CurrentRelease(name, context, parseRelease(values[names.indexOf(parameter)]));
  }
}
