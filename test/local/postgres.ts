import { type Context } from "mocha";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../../local/state";
import { venvPython } from "../../local/supervisor/services";

/** Why there is no PostgreSQL to run here, or undefined when there is one. */
export function missingPostgres(): string | undefined {
  const look = "from rds import postgres_server; postgres_server.program('postgres')";
  const env = { ...process.env, PYTHONPATH: join(projectRoot, "local", "cloud") };
  const { status, stderr } = spawnSync(venvPython, ["-c", look], { env, encoding: "utf8" });
  return status === 0 ? undefined : stderr.trim().split("\n").at(-1);
}

/** Skips what needs PostgreSQL, saying why, where there is none. */
export function requirePostgres(context: Context): void {
  const missing = missingPostgres();
  if (!missing) return;
  console.log(`      skipped: ${missing}`);
  context.skip();
}
