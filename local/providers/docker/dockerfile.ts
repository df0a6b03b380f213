import { DockerfileParser, type From, type Instruction, type JSONInstruction } from "dockerfile-ast";

/** What a Dockerfile says about running its image. */
export interface RunSettings {
  entrypoint: string[];
  env: Record<string, string>;
}

/**
 * ENTRYPOINT and ENV of the last stage, or of `target`, with what its earlier stages give it.
 * @param args build arguments; they go before the defaults of ARG.
 * @throws Error when the ENTRYPOINT is missing or not in exec form: SIGTERM would never reach the program.
 */
export function runSettings(text: string, args: Record<string, string> = {}, target?: string): RunSettings {
  const instructions = DockerfileParser.parse(text).getInstructions();
  const stages = new Map<string, RunSettings>();
  const globals: Record<string, string> = {};
  let variables: Record<string, string> = {};
  let stage: RunSettings | undefined;
  let name = "";
  for (const instruction of instructions) {
    const keyword = instruction.getKeyword();
    if (keyword === "FROM") {
      if (name && name === target) break;
      const from = instruction as From;
      const base = stages.get(expand(from.getImage() ?? "", globals));
      stage = { entrypoint: [...(base?.entrypoint ?? [])], env: { ...base?.env } };
      variables = {};
      name = from.getBuildStage() ?? String(stages.size);
      stages.set(name, stage);
    } else if (keyword === "ARG") {
      for (const { key, value } of pairs(instruction)) {
        const given =
          args[key] ?? (value === undefined ? globals[key] : expand(value, { ...globals, ...variables }));
        if (given !== undefined) (stage ? variables : globals)[key] = given;
      }
    } else if (keyword === "ENV" && stage) {
      for (const { key, value = "" } of pairs(instruction))
        stage.env[key] = expand(value, { ...variables, ...stage.env });
    } else if (keyword === "ENTRYPOINT" && stage) {
      stage.entrypoint = execForm(instruction);
    }
  }
  if (!stage?.entrypoint.length) {
    throw new Error(
      'The Dockerfile has no ENTRYPOINT. Add one in exec form, such as ENTRYPOINT ["python", "-m", "my_model"].',
    );
  }
  return stage;
}

function pairs(instruction: Instruction): { key: string; value: string | undefined }[] {
  const withProperties = instruction as unknown as {
    getProperties?(): { getName(): string; getValue(): string | null }[];
    getProperty?(): { getName(): string; getValue(): string | null } | null;
  };
  const properties = withProperties.getProperties?.() ?? [withProperties.getProperty?.()];
  return properties.flatMap((one) =>
    one ? [{ key: one.getName(), value: one.getValue() ?? undefined }] : [],
  );
}

function execForm(instruction: Instruction): string[] {
  const words =
    (instruction as Partial<JSONInstruction>).getJSONStrings?.().map((word) => word.getJSONValue()) ?? [];
  if (words.length > 0) return words;
  throw new Error(
    `The Dockerfile's ENTRYPOINT is in shell form (${instruction.getArgumentsContent() ?? ""}), so that SIGTERM would reach the shell ` +
      'and never the program. Write it in exec form: ENTRYPOINT ["program", "argument"].',
  );
}

/** `$NAME`, `${NAME}` and `${NAME:-default}`. */
function expand(text: string, variables: Record<string, string>): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})/g,
    (_, plain: string | undefined, braced: string | undefined, standard: string | undefined) =>
      variables[plain ?? braced ?? ""] || (standard ?? ""),
  );
}
