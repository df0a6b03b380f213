import { imageRules } from "./image-rules";
import { type Rule } from "./rule";
import { serveRules } from "./serve-rules";
import { trainRules } from "./train-rules";

/** Paths to which a container may write: the second is where SageMaker's own scratch space is. */
const allowed = ["/opt/ml", "/tmp"];

/** The last rule, as it looks at what all the others have made the containers do. */
const writtenOutside: Rule = {
  id: "written-outside",
  part: "serve",
  title: "nothing is written outside /opt/ml and /tmp",
  why: "Other paths go away with the container, may be full or not writable, and nothing of them reaches S3.",
  fix: "Write results to /opt/ml/model and /opt/ml/output/data, and scratch files to /tmp.",
  async check({ docker, serving }) {
    await serving.end();
    const outside = pathsOutside(await docker.written());
    if (outside.length === 0) return { status: "holds", detail: "as 'docker diff' shows" };
    const more = outside.length > 5 ? ` and ${outside.length - 5} more` : "";
    return { status: "fails", detail: `written: ${outside.slice(0, 5).join(", ")}${more}` };
  },
};

/** Of paths that `docker diff` lists, those that are neither allowed nor only parents of other listed ones. */
export function pathsOutside(paths: string[]): string[] {
  const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
  return (
    paths
      .filter((path) => !paths.some((other) => other.startsWith(`${path}/`)))
      .filter((path) => !allowed.some((folder) => isBelow(path, folder) || isBelow(folder, path)))
      // Python's cache of compiled modules: written where it can be, and done without where it cannot.
      .filter((path) => !path.split("/").includes("__pycache__"))
      .sort()
  );
}

/** All rules, in the order in which they are checked. */
export const rules: Rule[] = [...imageRules, ...trainRules, ...serveRules, writtenOutside];
