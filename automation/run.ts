import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execFileAsync = promisify(execFile);

/** How a program ended; `code` is a number, or why it could not be started (`ENOENT`: not installed). */
export interface Ended {
  code: number | string;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. Never throws: `code` 0 says that it did what was asked. */
export async function run(
  program: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeout?: number; signal?: AbortSignal } = {},
): Promise<Ended> {
  try {
    const { stdout, stderr } = await execFileAsync(program, args, {
      maxBuffer: 64 * 1024 * 1024,
      ...options,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr, message } = error as Error & Partial<Ended>;
    return { code: code ?? "killed", stdout: stdout ?? "", stderr: stderr ?? message };
  }
}
