import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Laptop, root } from "./laptop";

/** A mail in the laptop's inbox. */
export interface Mail {
  to: string;
  subject: string;
  body: string;
  attributes: { kind?: string };
}

const hyperparameters = "model-image/hyperparameters.json";
const dockerfile = "model-image/Dockerfile";

/** A throwaway copy of the project, whose files a test may change, with a laptop cloud of its own. */
export class Workshop extends Laptop {
  constructor(env: Record<string, string> = {}) {
    super(env, copyProject());
  }

  /** Changes a file of the copy, named from the project's root. @throws Error when that changes nothing. */
  edit(file: string, change: (text: string) => string): void {
    const path = join(this.folder, file);
    const before = readFileSync(path, "utf8");
    const after = change(before);
    if (after === before)
      throw new Error(`${file} stays as it is: the test's change does not fit it any more`);
    writeFileSync(path, after);
  }

  /** Sets the configuration of a stack, as `pulumi config set` does. */
  configure(stack: string, values: Record<string, string | number | object>): void {
    const file = `Pulumi.${stack}.yaml`;
    for (const [key, value] of Object.entries(values)) {
      const path = join(this.folder, file);
      const kept = readFileSync(path, "utf8").replace(new RegExp(`^  slipway:${key}: .*\\n`, "m"), "");
      writeFileSync(
        path,
        kept.replace(
          "config:\n",
          `config:\n  slipway:${key}: ${JSON.stringify(typeof value === "object" ? value : String(value))}\n`,
        ),
      );
    }
  }

  /** Makes the next release another one than those before, about as good and quickly trained. */
  change(seed: number): void {
    this.restore(hyperparameters);
    this.edit(hyperparameters, (text) =>
      text.replace(/"num_iterations": \d+/, '"num_iterations": 40').replace(/"seed": \d+/, `"seed": ${seed}`),
    );
  }

  /** Gives the container a fault (see faulty_container.py), or takes it out again. */
  plant(fault: string | undefined): void {
    this.restore(dockerfile);
    if (!fault) return;
    const source = readFileSync(join(__dirname, "faulty_container.py"), "utf8");
    writeFileSync(
      join(this.folder, "model-image", "faulty_container.py"),
      source.replace('FAULT = "FAULT"', `FAULT = "${fault}"`),
    );
    this.edit(dockerfile, (text) => text.replace('"-m", "slipway_model"', '"faulty_container.py"'));
  }

  /** Waits for a mail in the inbox. */
  async mail(wanted: (mail: Mail) => boolean): Promise<Mail> {
    for (;;) {
      const found = (await this.json<Mail[]>("inbox", "local", "--limit", "50")).find(wanted);
      if (found) return found;
      await sleep(500);
    }
  }

  /** Puts a file of the copy back to what it is in the project. */
  restore(file: string): void {
    cpSync(join(root, file), join(this.folder, file));
  }

  /** Stops everything and removes it, the copy too. */
  override async remove(): Promise<void> {
    await super.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What git knows or would take of the project; the installed packages are shared with it, but for `npx slipway`. */
function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-workshop-"));
  const git = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const files = execFileSync("git", git, { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
  for (const file of files.filter((name) => name !== ".venv" && name !== "node_modules"))
    cpSync(join(root, file), join(folder, file), { recursive: true });
  symlinkSync(join(root, ".venv"), join(folder, ".venv"));
  const packages = join(root, "node_modules");
  const copies = join(folder, "node_modules");
  mkdirSync(copies);
  for (const name of readdirSync(packages).filter((name) => name !== ".bin"))
    symlinkSync(join(packages, name), join(copies, name));
  cpSync(join(packages, ".bin"), join(copies, ".bin"), { recursive: true, verbatimSymlinks: true });
  return folder;
}
