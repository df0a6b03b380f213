import { join } from "node:path";
import { imageFolder } from "../../components/shared/problem";
import { throwIfInterrupted } from "../interrupt";
import { type Output } from "../output";
import { problemAt } from "../problem";
import { projectRoot } from "../project";
import { Belongings } from "./belongings";
import { Docker } from "./docker";
import { findImage } from "./image";
import { type InputFiles, isOwnImage, readInputs, withOwnSample } from "./inputs";
import { type Limits, sageMakerLimits } from "./limits";
import { type Report, reportOn } from "./report";
import { type Finding, type Result, type Rule, Skipped } from "./rule";
import { rules } from "./rules";
import { Trial } from "./trial";

const parts: Record<Rule["part"], string> = { image: "The image", train: "Training", serve: "Serving" };

/**
 * Runs an image through all rules. What it makes is gone when it returns, and soon after it is killed.
 * @param imageOrFolder name of a Docker image, or a folder with a Dockerfile, which is built; of a problem's folder (such as
 *   examples/flights) the container that its stacks have.
 * @throws UserError when there is no Docker engine, no such image, or no port to serve on.
 */
export async function checkImage(
  imageOrFolder: string,
  files: InputFiles,
  output: Output,
  limits: Limits = sageMakerLimits,
): Promise<Report> {
  const given = readInputs(files);
  const belongings = new Belongings();
  const { label, folder } = belongings;
  const problem = problemAt(imageOrFolder);
  const source = problem === undefined ? imageOrFolder : join(projectRoot, imageFolder(problem));
  try {
    const docker = await Docker.connect(label);
    const image = await output.step(`Image ${imageOrFolder}`, () => findImage(docker, source));
    const inputs = isOwnImage(image)
      ? await output.step("Sample data", () => withOwnSample(docker, image, given, folder, problem))
      : given;
    const trial = new Trial(docker, image, inputs, limits, folder);
    const results: Result[] = [];
    for (const part of Object.keys(parts) as Rule["part"][]) {
      results.push(...(await checkPart(part, trial, output)));
    }
    return reportOn(imageOrFolder, image.Id, results);
  } finally {
    await belongings.remove();
  }
}

function checkPart(part: Rule["part"], trial: Trial, output: Output): Promise<Result[]> {
  return output.step(parts[part], async (progress) => {
    const results: Result[] = [];
    for (const rule of rules.filter((rule) => rule.part === part)) {
      progress.now(rule.title);
      const began = performance.now();
      const finding = await findingOf(rule, trial);
      const { id, title, why, fix } = rule;
      const seconds = (performance.now() - began) / 1000;
      results.push({ id, part, title, why, fix, ...finding, seconds });
    }
    const failed = results.filter(({ status }) => status === "fails").map(({ id }) => id);
    progress.result(failed.length ? `does not hold: ${failed.join(", ")}` : `${results.length} rules`);
    return results;
  });
}

async function findingOf(rule: Rule, trial: Trial): Promise<Finding> {
  throwIfInterrupted();
  try {
    return await rule.check(trial);
  } catch (error) {
    if (error instanceof Skipped) return { status: "skipped", detail: error.message };
    throw error;
  }
}
