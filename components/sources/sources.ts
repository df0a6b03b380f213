import * as pulumi from "@pulumi/pulumi";
import { type Watched } from "../shared/alarm";
import { type LambdaHandler } from "../lambda/lambda-handler";
import { requireProperty } from "../shared/validation";
import { type DataSource, type SourceArgs, type SourceOutputs } from "./data-source";
import { DynamodbSource } from "./dynamodb-source";
import { HttpSource } from "./http-source";
import { KinesisSource } from "./kinesis-source";
import { RdsSource } from "./rds-source";
import { RedshiftSource } from "./redshift-source";
import { S3Source } from "./s3-source";

/** One source of the configuration: its kind, and what that kind takes. */
export type SourceSettings = { kind: string } & Record<string, unknown>;

export interface SourcesArgs extends Omit<SourceArgs, "source"> {
  /** By the name that the user gave each. */
  sources: Record<string, SourceSettings>;
  /** Whether destroying the stack deletes what sources have made with data in it. */
  deleteData: boolean;
}

type Kind = new (name: string, args: never, opts: pulumi.ComponentResourceOptions) => DataSource;

/** What the kinds are called in the configuration; the class of each checks its settings. */
const kinds: Record<string, Kind> = {
  s3: S3Source,
  http: HttpSource,
  kinesis: KinesisSource,
  dynamodb: DynamodbSource,
  rds: RdsSource,
  redshift: RedshiftSource,
};

/** Where data comes from: the sources that the stack's configuration switches on. See docs/data-sources.md. */
export class Sources extends pulumi.ComponentResource {
  private readonly all: DataSource[];

  constructor(name: string, { sources, ...common }: SourcesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("slipway:data:Sources", name, {}, opts);
    this.all = Object.entries(sources).map(([source, settings]) => {
      const Kind = kinds[settings.kind];
      const fix = `write one of ${Object.keys(kinds).join(", ")} into Pulumi.${pulumi.getStack()}.yaml`;
      requireProperty(Kind !== undefined, `sources.${source}.kind`, settings.kind, fix);
      return new Kind!(`${name}-${source}`, { ...common, source, settings } as never, { parent: this });
    });
    this.registerOutputs({ names: Object.keys(sources) });
  }

  get watched(): Watched[] {
    return this.all.flatMap(({ watched }) => watched);
  }

  /** The functions of all, by the names of their stages for `slipway logs`. */
  get lambdas(): Record<string, LambdaHandler> {
    return Object.assign({}, ...this.all.map(({ lambdas }) => lambdas)) as Record<string, LambdaHandler>;
  }

  /** What the `slipway` command is told of each, by name. */
  get outputs(): Record<string, SourceOutputs> {
    return Object.fromEntries(this.all.map(({ source, outputs }) => [source, outputs]));
  }
}
