import { execFile } from "node:child_process";

/** Standard output of a docker command; a failure is logged, as the engine may be gone. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout, failure } = await tryDocker(...args);
  if (failure && !/No such (container|image|network)|network .* not found/.test(failure))
    console.error(`docker ${args[0]}: ${failure}`);
  return stdout;
}

/** Standard output of a docker command, and why it failed if it did. */
export function tryDocker(...args: string[]): Promise<{ stdout: string; failure?: string }> {
  return new Promise((resolve) => {
    execFile("docker", args, (error, stdout, stderr) =>
      resolve({ stdout: stdout.trim(), ...(error ? { failure: stderr.trim() || error.message } : {}) }),
    );
  });
}

/** The ids that a docker command lists. */
export const dockerIds = async (...args: string[]): Promise<string[]> =>
  (await docker(...args)).split("\n").filter((line) => line !== "");
