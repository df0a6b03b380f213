import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { clientEnvironment, type Executor, localHome, projectRoot } from "../../local/state";
import { localStatus, startLocal, stopLocal } from "../../local/supervisor/client";
import { services, type ServiceSettings } from "../../local/supervisor/services";
import { UserError } from "../errors";
import { interruptSignal } from "../interrupt";
import { type Output } from "../output";
import { shellLines } from "./local";

export interface SageMakerOptions {
  port?: number;
  executor: Executor;
}

/** SageMaker, and the AWS that it needs itself: S3, IAM, STS, ECR, CloudWatch. */
const alone = (settings: ServiceSettings) =>
  services(settings).filter(({ name }) => name === "cloud" || name === "sagemaker");

/** `slipway sagemaker`: SageMaker without a stack, for as long as the command runs. */
export async function sagemaker({ port, executor }: SageMakerOptions, output: Output): Promise<void> {
  const home = process.env.SLIPWAY_LOCAL_HOME ? localHome() : join(projectRoot, ".slipway", "sagemaker");
  const running = existsSync(home) && (await localStatus(home));
  if (running) {
    throw new UserError(
      `It runs already, at ${running.state.sagemakerUrl}. Stop it with Ctrl-C where it was started, or with ` +
        `'SLIPWAY_LOCAL_HOME=${home} npx slipway local stop'; or choose another folder for this one with SLIPWAY_LOCAL_HOME.`,
    );
  }
  if (port !== undefined) process.env.SLIPWAY_SAGEMAKER_PORT = `${port}`;
  const start = () => startLocal({ home, executor, services: alone, signal: interruptSignal });
  const state = await output.step("Starting SageMaker", start);
  try {
    const environment = clientEnvironment(state);
    output.answer(environment, `${shellLines(environment)}\n\nSageMaker runs until Ctrl-C.`);
    while (!interruptSignal.aborted) {
      await sleep(1000, undefined, { signal: interruptSignal }).catch(() => undefined);
      if (!(await localStatus(home)) && !interruptSignal.aborted)
        throw new UserError(`SageMaker has ended. See ${join(home, "logs")}, then start it again.`);
    }
  } finally {
    await output.step("Stopping SageMaker; what it holds is kept", () => stopLocal(home));
  }
}
