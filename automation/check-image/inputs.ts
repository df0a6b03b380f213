import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { imageFolder, standardProblem } from "../../components/shared/problem";
import { UserError } from "../errors";
import { exampleRecord, projectRoot, readSchema, sampleData } from "../project";
import { type Docker } from "./docker";
import { type Image } from "./image";

/** What the user gives a check to work with. */
export interface InputFiles {
  /** Folder with one folder a channel: what /opt/ml/input/data is to hold. */
  trainData?: string;
  /** JSON object; its values reach the image as SageMaker hands them over, as strings. */
  hyperparameters?: string;
  /** Folder: what /opt/ml/model is to hold for `serve`. Without it, what `train` has made. */
  model?: string;
  /** File with the body of a request. */
  request?: string;
  /** Its content type; otherwise told by the file's name. */
  contentType?: string;
}

export interface Inputs {
  trainData?: string;
  hyperparameters: Record<string, string>;
  model?: string;
  request?: { body: Buffer; contentType: string };
}

const contentTypes: Record<string, string> = {
  ".json": "application/json",
  ".jsonl": "application/jsonlines",
  ".csv": "text/csv",
  ".txt": "text/plain",
};

/** Reads what the user has given. @throws UserError that names what cannot be used. */
export function readInputs(files: InputFiles): Inputs {
  for (const folder of [files.trainData, files.model]) {
    if (folder && !(existsSync(folder) && statSync(folder).isDirectory()))
      throw new UserError(`There is no folder ${folder}. Give the path of one.`);
  }
  const hyperparameters = files.hyperparameters
    ? strings(files.hyperparameters, read(files.hyperparameters).toString())
    : {};
  const request = files.request
    ? { body: read(files.request), contentType: files.contentType ?? contentTypeOf(files.request) }
    : undefined;
  return { trainData: files.trainData, hyperparameters, model: files.model, request };
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}. Give the path of a file.`);
  }
}

function strings(file: string, text: string): Record<string, string> {
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values !== "object" || values === null || Array.isArray(values)) throw new Error("no object");
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [
        name,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    );
  } catch (error) {
    throw new UserError(
      `${file} is not a JSON object of hyperparameters (${(error as Error).message}). Write it as {"name": value}.`,
    );
  }
}

function contentTypeOf(file: string): string {
  const found = contentTypes[extname(file).toLowerCase()];
  if (found) return found;
  throw new UserError(
    `What is in ${file} cannot be told by its name. Say it with --content-type, such as --content-type image/png.`,
  );
}

export const isOwnImage = ({ Config }: Image) => Config.Entrypoint?.includes("slipway_model") ?? false;

/** This project's own container needs no files from the user: it processes the problem's sample data for `train` itself. */
export async function withOwnSample(
  docker: Docker,
  image: Image,
  inputs: Inputs,
  folder: string,
  problem = standardProblem,
): Promise<Inputs> {
  const hyperparameters = join(projectRoot, imageFolder(problem), "hyperparameters.json");
  const sample = sampleData(problem);
  const filled: Inputs = {
    ...inputs,
    hyperparameters: Object.keys(inputs.hyperparameters).length
      ? inputs.hyperparameters
      : strings(hyperparameters, read(hyperparameters).toString()),
    request: inputs.request ?? {
      body: Buffer.from(JSON.stringify({ instances: [exampleRecord(readSchema(problem))] })),
      contentType: "application/json",
    },
  };
  if (filled.trainData) return filled;
  const files = join(folder, "process");
  const raw = join(files, "opt", "ml", "processing", "input", "raw");
  mkdirSync(raw, { recursive: true });
  cpSync(sample, join(raw, basename(sample)));
  const job = await docker.start({ image: image.Id, args: ["process"], files });
  const code = await job.ended;
  const trainData = join(folder, "train-data");
  mkdirSync(trainData);
  for (const channel of ["train", "validation", "test"]) {
    const output = `/opt/ml/processing/output/${channel}`;
    if (code !== 0 || !(await docker.copyOut(job.id, output, join(trainData, channel)))) {
      throw new UserError(
        `The sample data could not be processed (exit code ${code}; ${await docker.lastWords(job.id)}). ` +
          "Give data for train with --train-data.",
      );
    }
  }
  void docker.remove(job);
  return { ...filled, trainData };
}
