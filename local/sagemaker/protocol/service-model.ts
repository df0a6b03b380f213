import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** One type of a service model, in botocore's notation. */
export interface Shape {
  type:
    | "structure"
    | "list"
    | "map"
    | "string"
    | "integer"
    | "long"
    | "float"
    | "double"
    | "boolean"
    | "timestamp"
    | "blob";
  required?: string[];
  members?: Record<string, { shape: string; location?: string; locationName?: string }>;
  member?: { shape: string };
  key?: { shape: string };
  value?: { shape: string };
  min?: number;
  max?: number;
  pattern?: string;
  enum?: string[];
  sensitive?: boolean;
}

interface ModelFile {
  metadata: { targetPrefix?: string };
  operations: Record<string, { input?: { shape: string }; output?: { shape: string } }>;
  shapes: Record<string, Shape>;
}

/** What AWS itself publishes about a service: its operations and the shapes of their inputs and outputs. */
export class ServiceModel {
  private constructor(private readonly file: ModelFile) {}

  /**
   * Reads the newest model of `service` from botocore's data folder.
   * @throws Error that names the folder when there is none.
   */
  static load(dataFolder: string, service: string): ServiceModel {
    const folder = join(dataFolder, service);
    const version = existsSync(folder) ? readdirSync(folder).sort().at(-1) : undefined;
    if (!version) {
      throw new Error(
        `There is no service model of '${service}' in ${dataFolder}. Run 'make setup' to install botocore, which carries it.`,
      );
    }
    const file = join(folder, version, "service-2.json.gz");
    return new ServiceModel(JSON.parse(gunzipSync(readFileSync(file)).toString()) as ModelFile);
  }

  hasOperation(name: string): boolean {
    return Object.hasOwn(this.file.operations, name);
  }

  inputShape(operation: string): string | undefined {
    return this.file.operations[operation]?.input?.shape;
  }

  outputShape(operation: string): string | undefined {
    return this.file.operations[operation]?.output?.shape;
  }

  /** @throws Error when the model has no such shape: a mistake in this program. */
  shape(name: string): Shape {
    const shape = this.file.shapes[name];
    if (!shape) throw new Error(`The service model has no shape '${name}'.`);
    return shape;
  }

  /** The members of `record` that the structure `shapeName` has: what a Describe or a List answers. */
  pick(shapeName: string, record: object): Record<string, unknown> {
    const members = this.shape(shapeName).members ?? {};
    return Object.fromEntries(
      Object.entries(record).filter(([name, value]) => Object.hasOwn(members, name) && value !== undefined),
    );
  }
}

/** botocore's data folder in the project's virtual environment. @throws Error when there is none. */
export function findServiceModels(venv: string): string {
  const lib = join(venv, "lib");
  const folders = (existsSync(lib) ? readdirSync(lib) : []).map((python) =>
    join(lib, python, "site-packages", "botocore", "data"),
  );
  const found = folders.find((folder) => existsSync(folder));
  if (!found) throw new Error(`There is no botocore in ${venv}. Run 'make setup' to install it.`);
  return found;
}
