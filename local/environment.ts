import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { installPlugins } from "./providers/install";
import { removeDeadLocks } from "./pulumi-locks";
import { clientEnvironment, type LocalState, localHome } from "./state";

/**
 * Protects the laptop stack's secrets in its state file. It is no secret itself: all that it guards is an API key
 * that opens this laptop's own servers.
 */
const passphrase = "slipway";

/** Environment in which a Pulumi CLI works on the laptop target: the driver's own, and the stock one in a shell. */
export function pulumiEnvironment(state: LocalState, home = localHome()): Record<string, string> {
  const backend = join(home, "pulumi");
  const pulumiHome = join(home, "pulumi-home");
  mkdirSync(backend, { recursive: true });
  installPlugins(pulumiHome);
  removeDeadLocks(backend);
  return {
    ...clientEnvironment(state),
    SLIPWAY_LOCAL_HOME: home,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_HOME: pulumiHome,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // The provider plugins are these, not what the CLI would download.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
}
