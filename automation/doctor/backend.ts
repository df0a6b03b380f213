import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Finding } from "./finding";

/** Where Pulumi keeps the state: a stack whose state is on one machine cannot be deployed from another. */
export function checkBackend(stack: string): Finding {
  const url = process.env.PULUMI_BACKEND_URL ?? loggedIn();
  return {
    what: "Pulumi backend",
    ok: url !== undefined,
    found: url ?? "none",
    needed: true,
    fix:
      `Log in: 'pulumi login "$(terraform -chdir=terraform-bootstrap output -raw state_url)"', or set PULUMI_BACKEND_URL; ` +
      `docs/deploy.md says how to come to both for '${stack}'`,
  };
}

/** As the Pulumi CLI keeps it. */
function loggedIn(): string | undefined {
  const file = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "credentials.json");
  if (!existsSync(file)) return undefined;
  return (JSON.parse(readFileSync(file, "utf8")) as { current?: string }).current || undefined;
}
