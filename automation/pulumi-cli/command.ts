import { type PulumiCommand } from "@pulumi/pulumi/automation";
import * as errors from "@pulumi/pulumi/automation/errors";
import { spawn } from "node:child_process";
import { once } from "node:events";

interface Result {
  stdout: string;
  stderr: string;
  code: number;
}

/** What the Automation API asks of a command; its own type declarations leave these parts out. */
type Run = (
  args: string[],
  cwd: string,
  env: Record<string, string>,
  onOutput?: (text: string) => void,
  onError?: (text: string) => void,
  signal?: AbortSignal,
) => Promise<Result>;

const { createCommandError } = errors as unknown as { createCommandError: (result: Result) => Error };

/**
 * The same CLI, run in a process group of its own. A Ctrl-C in a terminal reaches every process of the
 * foreground group, and a second one makes Pulumi give up without saving; here only `signal` reaches it, once.
 */
export function inOwnProcessGroup(command: PulumiCommand): PulumiCommand {
  const run: Run = async (args, cwd, env, onOutput, onError, signal) => {
    const child = spawn(command.command, [...args, "--non-interactive"], {
      cwd,
      env: { ...process.env, PULUMI_CONFIG: "", PULUMI_AUTOMATION_API: "true", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const result = { stdout: "", stderr: "", code: -1 };
    child.stdout
      .setEncoding("utf8")
      .on("data", (text: string) => ((result.stdout += text), onOutput?.(text)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => ((result.stderr += text), onError?.(text)));
    const interrupt = () => child.kill("SIGINT");
    signal?.addEventListener("abort", interrupt);
    try {
      const [code] = (await once(child, "close")) as [number | null];
      result.code = code ?? -1;
    } finally {
      signal?.removeEventListener("abort", interrupt);
    }
    if (result.code === 0) return result;
    const toString = () => `code: ${result.code}\n${result.stdout}\n${result.stderr}`;
    throw createCommandError(Object.assign(result, { toString }));
  };
  return Object.assign(command, { run });
}
