import { APIGatewayClient, GetApiKeysCommand } from "@aws-sdk/client-api-gateway";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, run } from "../../automation/run";
import { localStatus, resetLocal } from "../../local/supervisor/client";
import { clientConfig, type LocalState } from "../../local/state";

export const root = join(__dirname, "..", "..");

/** A laptop cloud of a test's own, driven as a user does: by the `slipway` command. */
export class Laptop {
  readonly home = mkdtempSync(join(tmpdir(), "slipway-e2e-"));

  /** @param folder the project whose `slipway` command is run. */
  constructor(
    private readonly env: Record<string, string> = {},
    readonly folder = root,
  ) {}

  /** Runs `slipway` with these arguments. */
  slipway(
    args: string[],
    options: { signal?: AbortSignal; env?: Record<string, string> } = {},
  ): Promise<Ended> {
    const env = { ...process.env, ...this.env, ...options.env, SLIPWAY_LOCAL_HOME: this.home, NO_COLOR: "1" };
    return run(process.execPath, [join(this.folder, "automation", "bin.js"), ...args], {
      cwd: this.folder,
      env,
      ...(options.signal ? { signal: options.signal } : {}),
    });
  }

  /** The same, and its JSON answer. @throws Error with what it said when it failed. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.slipway([...args, "--json"]);
    if (code !== 0) throw new Error(`slipway ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return JSON.parse(stdout) as T;
  }

  /** The servers as they run. */
  async state(): Promise<LocalState> {
    const running = await localStatus(this.home);
    if (!running) throw new Error("the laptop cloud does not run");
    return running.state;
  }

  /** Constructor arguments of an AWS SDK client, with root's credentials. */
  async client(service: string) {
    return clientConfig(await this.state(), service);
  }

  /** The key of the API's callers; there is another one, for the release engine, whose requests no subscriber hears of. */
  async apiKey(): Promise<string> {
    const gateway = new APIGatewayClient(await this.client("api-gateway"));
    const { items = [] } = await gateway.send(new GetApiKeysCommand({ includeValues: true }));
    const key = items.find(({ description }) => description?.startsWith("Callers of "));
    if (!key?.value) throw new Error("the API has no key for callers");
    return key.value;
  }

  /** Stops everything and removes it. */
  remove(): Promise<void> {
    return resetLocal(this.home);
  }
}
