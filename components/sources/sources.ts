import * as pulumi from "@pulumi/pulumi";
import { requireProperty } from "../validation";
import { type DataSource, type SourceArgs, type SourceOutputs } from "./data-source";
import { DynamodbSource, type DynamodbSettings } from "./dynamodb-source";
import { KinesisSource, type KinesisSettings } from "./kinesis-source";
import { S3Source, type S3Settings } from "./s3-source";

/** One source of the configuration: its kind, and what that kind takes. */
export type SourceSettings = { kind: string } & Record<string, unknown>;

export interface SourcesArgs extends Omit<SourceArgs, "source"> {
  /** By the name that the user gave each. */
  sources: Record<string, SourceSettings>;
  /** Whether destroying the stack deletes what sources have made with data in it. */
  deleteData: boolean;
}

type Make = (
  name: string,
  args: Omit<SourcesArgs, "sources"> & { source: string; settings: unknown },
  opts: pulumi.ComponentResourceOptions,
) => DataSource;

/** How a source of each kind is made; its class checks the settings. */
const kinds: Record<string, Make> = {
  s3: (name, args, opts) => new S3Source(name, { ...args, settings: args.settings as S3Settings }, opts),
  kinesis: (name, args, opts) =>
    new KinesisSource(name, { ...args, settings: args.settings as KinesisSettings }, opts),
  dynamodb: (name, args, opts) =>
    new DynamodbSource(name, { ...args, settings: args.settings as DynamodbSettings }, opts),
};

/** Where data comes from: the sources that the stack's configuration switches on. See docs/data-sources.md. */
export class Sources extends pulumi.ComponentResource {
  private readonly all: DataSource[];

  constructor(name: string, { sources, ...common }: SourcesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("slipway:data:Sources", name, {}, opts);
    this.all = Object.entries(sources).map(([source, settings]) => {
      const make = kinds[settings.kind];
      const fix = `write one of ${Object.keys(kinds).join(", ")} into Pulumi.${pulumi.getStack()}.yaml`;
      requireProperty(make !== undefined, `sources.${source}.kind`, settings.kind, fix);
      return make!(`${name}-${source}`, { ...common, source, settings }, { parent: this });
    });
    this.registerOutputs({ names: Object.keys(sources) });
  }

  /** What the `slipway` command is told of each, by name. */
  get outputs(): Record<string, SourceOutputs> {
    return Object.fromEntries(this.all.map(({ source, outputs }) => [source, outputs]));
  }
}
