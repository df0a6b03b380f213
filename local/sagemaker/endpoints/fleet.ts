import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RoleSession } from "../aws/cloud";
import { downloadArchive, downloadPrefix } from "../aws/s3";
import type { Foundation } from "../platform";
import type { DeployedVariant, FleetRecord, ModelData } from "../records";
import { DataCapture } from "./capture";
import { Replica } from "./replica";

/** A variant while it serves. */
export interface ServingVariant {
  name: string;
  weight: number;
  configName: string;
  /** Of a serverless variant: requests at the same time. */
  maxConcurrency?: number;
  replica: Replica;
  /** Of a production variant whose configuration asks for it. */
  capture?: DataCapture;
  logGroup: string;
  logStream: string;
}

/** All containers that serve one endpoint under one configuration. */
export class Fleet {
  readonly variants: ServingVariant[];
  readonly shadows: ServingVariant[];
  private readonly folder: string;
  private readonly sessions: RoleSession[] = [];

  constructor(
    private readonly platform: Foundation,
    private readonly endpointName: string,
    readonly record: FleetRecord,
  ) {
    this.folder = fleetFolder(platform.settings.home, endpointName, record.id);
    this.variants = record.variants.map((deployed) => this.capturing(this.variant(deployed), deployed));
    this.shadows = record.shadows.map((deployed) => this.variant(deployed));
  }

  private get all(): ServingVariant[] {
    return [...this.variants, ...this.shadows];
  }

  /** Fetches the models, starts the containers and waits until all are healthy. Call `stop` when it fails, too. */
  async start(): Promise<void> {
    await Promise.all(
      [...this.record.variants, ...this.record.shadows].map(async (deployed, index) => {
        await this.fetchModel(deployed, this.sessions[index] as RoleSession);
        await this.all[index]?.replica.start();
      }),
    );
  }

  /** The variant asked for, or one by weight; undefined when there is none of that name. */
  choose(name?: string): ServingVariant | undefined {
    if (name !== undefined) return this.variants.find((variant) => variant.name === name);
    const total = this.variants.reduce((sum, { weight }) => sum + weight, 0);
    let point = Math.random() * total;
    return this.variants.find(({ weight }) => (point -= weight) < 0) ?? this.variants[0];
  }

  /** Gives a variant its weight from now on. */
  setWeight(name: string, weight: number): void {
    const variant = this.all.find((one) => one.name === name);
    if (variant) variant.weight = weight;
  }

  /** The shadow that gets a copy of this request: its share is its weight over that of the production variant. */
  chooseShadow(): ServingVariant | undefined {
    const [shadow] = this.shadows;
    const production = this.variants[0]?.weight ?? 1;
    return shadow && Math.random() * production < shadow.weight ? shadow : undefined;
  }

  /** Ends the containers once they have answered what they were asked. */
  async stop({ drainMs }: { drainMs: number }): Promise<void> {
    await Promise.all(this.all.map(({ replica }) => replica.stop({ drainMs })));
    await Promise.all(this.variants.map(async ({ capture }) => capture?.close()));
    for (const session of this.sessions) {
      this.platform.containerCredentials.forget(session);
      session.close();
    }
  }

  /** Removes the models' files. */
  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true }).catch((error: Error) =>
      console.error(`${this.folder} is left behind: ${error.message}`),
    );
  }

  private variant(deployed: DeployedVariant): ServingVariant {
    const { VariantName: name = "", ServerlessConfig } = deployed.variant;
    const session = this.platform.cloud.session(deployed.roleArn);
    this.sessions.push(session);
    const logGroup = `/aws/sagemaker/Endpoints/${this.endpointName}`;
    const logStream = `${name}/${this.record.id}`;
    const file = join(
      this.platform.settings.home,
      "sagemaker",
      "logs",
      "endpoints",
      this.endpointName,
      `${name}.log`,
    );
    const replica = new Replica(this.platform, {
      deployed,
      name: `endpoint-${this.endpointName}-${name}`,
      mlFolder: this.mlFolder(name),
      session,
      log: { file, group: logGroup, stream: logStream },
    });
    const { weight } = deployed;
    const { endpointConfigName: configName } = this.record;
    const maxConcurrency = ServerlessConfig?.MaxConcurrency;
    return { name, weight, configName, maxConcurrency, replica, logGroup, logStream };
  }

  private capturing(variant: ServingVariant, { roleArn }: DeployedVariant): ServingVariant {
    const { stores, cloud } = this.platform;
    const config = stores.endpointConfigs.get(variant.configName)?.DataCaptureConfig;
    if (!config || config.EnableCapture === false) return variant;
    const path = `${this.endpointName}/${variant.name}`;
    return { ...variant, capture: new DataCapture(config, cloud.session(roleArn), path) };
  }

  private mlFolder(variantName: string): string {
    return join(this.folder, variantName, "ml");
  }

  /** Unpacks the model, unless an earlier server has done so: an endpoint goes on serving what it was made with. */
  private async fetchModel({ variant, modelData }: DeployedVariant, session: RoleSession): Promise<void> {
    const ml = this.mlFolder(variant.VariantName ?? "");
    const complete = join(ml, "..", "complete");
    if (existsSync(complete)) return;
    await rm(ml, { recursive: true, force: true });
    await downloadModel(modelData, session, join(ml, "model"));
    await writeFile(complete, "");
  }
}

/** Puts a model's files, if it has any, into `folder`, which is made. */
export async function downloadModel(
  data: ModelData | undefined,
  session: RoleSession,
  folder: string,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (data?.packing === "none") await downloadPrefix(session, data.s3Uri, folder);
  else if (data) await downloadArchive(session, data.s3Uri, folder);
}

const fleetFolder = (home: string, endpointName: string, id: string) =>
  join(home, "sagemaker", "endpoints", endpointName, id);
