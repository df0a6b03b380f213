import { clientConfig, type LocalState } from "../local/state";
import { UserError } from "./errors";
import { interruptSignal } from "./interrupt";
import { type Output } from "./output";
import { isLocal } from "./stack-name";

/** Where a stack runs: an AWS account, or this laptop. */
export interface Target {
  /** Environment of the Pulumi CLI and its plugins. */
  environment: Record<string, string>;
  /** Constructor arguments of an AWS SDK client of a service (`s3`, `sagemaker`, ...). */
  clientConfig(service: string): { region?: string; endpoint?: string; forcePathStyle?: boolean };
  /** Seconds between two looks at a job or an endpoint. */
  pollSeconds: number;
  /** Seconds until all of the cloud knows a new key, stage or role; a smoke test tries again for so long. */
  propagationSeconds: number;
  /** The servers, on the laptop. */
  laptop?: LocalState;
}

/** Whether a stack runs on this laptop: its own do, the others when SLIPWAY_TARGET=laptop says so. */
export const isLaptopStack = (stack: string) => isLocal(stack) || process.env.SLIPWAY_TARGET === "laptop";

/** The target of a stack; starts the laptop's servers when it is theirs and they do not run. */
export async function openTarget(stack: string, output: Output): Promise<Target> {
  if (!isLaptopStack(stack)) {
    return { environment: {}, clientConfig: () => ({}), pollSeconds: 10, propagationSeconds: 30 };
  }
  const { localStatus, startLocal } = await import("../local/supervisor/client.ts");
  const { pulumiEnvironment } = await import("../local/environment.ts");
  const start = () => startLocal({ signal: interruptSignal });
  // Also when it runs: it may run with another executor than the environment asks for, or a server may have failed.
  const laptop = (await localStatus())
    ? await start()
    : await output.step("Starting the laptop cloud", start);
  // A profile of the user's own would win over the laptop's credentials.
  delete process.env.AWS_PROFILE;
  return {
    environment: pulumiEnvironment(laptop),
    clientConfig: (service) => clientConfig(laptop, service),
    pollSeconds: 0.25,
    propagationSeconds: 5,
    laptop,
  };
}

/** The laptop's servers as they run. @throws UserError when they do not. */
export async function runningLaptop(): Promise<LocalState> {
  const { localStatus } = await import("../local/supervisor/client.ts");
  const running = await localStatus();
  if (!running)
    throw new UserError(
      "The laptop cloud does not run. Start it with 'npx slipway local start' (or 'make demo').",
    );
  return running.state;
}
