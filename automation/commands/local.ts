import { dirname, isAbsolute } from "node:path";
import { counted } from "../../handlers/publish/figures";
import { localStatus, resetLocal, startLocal, stopLocal } from "../../local/supervisor/client";
import { pulumiEnvironment } from "../../local/environment";
import { follow, logFile, tail } from "../../local/logs";
import { expectInterrupt, interruptSignal } from "../interrupt";
import { type ServiceStatus } from "../../local/supervisor/messages";
import { type Output } from "../output";
import { locatePulumi } from "../pulumi-cli/find";
import { runningLaptop } from "../target";

/** `slipway local start` */
export async function start(output: Output): Promise<void> {
  await output.step("Starting the laptop cloud", () => startLocal({ signal: interruptSignal }));
  await status(output);
}

/** `slipway local stop` */
export async function stop(output: Output): Promise<void> {
  const stopped = await output.step("Stopping the laptop cloud", () => stopLocal());
  output.answer({ stopped }, stopped ? "Stopped. Everything it held is kept." : "It was not running.");
}

/** `slipway local reset` */
export async function reset(output: Output): Promise<void> {
  await output.step("Stopping the laptop cloud and removing what it held", () => resetLocal());
  output.answer({ reset: true }, "The laptop cloud is as new.");
}

/** `slipway local status` */
export async function status(output: Output): Promise<void> {
  const found = await localStatus();
  if (!found) {
    output.answer(
      { running: false },
      "The laptop cloud does not run. Start it with 'npx slipway local start'.",
    );
    return;
  }
  const { executor, startedAt, cloudUrl, sagemakerUrl, inboxUrl } = found.state;
  output.answer(
    { running: true, executor, startedAt, cloudUrl, sagemakerUrl, inboxUrl, ...found.status },
    `${found.status.services.map(describe).join("\n")}\nsince ${startedAt}, containers run ${executor === "docker" ? "in Docker" : "as processes"}`,
  );
}

const describe = ({ name, status, url, pid, restarts, problem }: ServiceStatus) =>
  `${name.padEnd(10)} ${status.padEnd(9)} ${url}  process ${pid ?? "none"}` +
  (restarts ? `, restarted ${counted(restarts, "time")}` : "") +
  (problem ? ` (${problem})` : "");

/** `slipway local env` */
export async function env(output: Output): Promise<void> {
  const cli = await locatePulumi();
  const environment = pulumiEnvironment(await runningLaptop());
  if (cli && isAbsolute(cli.command)) environment.PATH = `${dirname(cli.command)}:${process.env.PATH}`;
  output.answer(environment, shellLines(environment));
}

/** What a shell takes to have this environment, and no AWS profile beside it. */
export function shellLines(environment: Record<string, string>): string {
  const quote = (value: string) => `'${value.replaceAll("'", "'\\''")}'`;
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [...lines, "unset AWS_PROFILE"].join("\n");
}

/** `slipway local logs` */
export async function logs(name: string, lines: number, following: boolean): Promise<void> {
  const file = logFile(name);
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  if (following) expectInterrupt();
  if (following) await follow(file, print, { lines, signal: interruptSignal });
  else tail(file, lines).forEach(print);
}
