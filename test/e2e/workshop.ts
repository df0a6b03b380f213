import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Laptop, root } from "./laptop";

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

/** What git knows or would take of the project; the installed packages are shared with it. */
function copyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-workshop-"));
  const git = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const files = execFileSync("git", git, { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
  const links = ["node_modules", ".venv"];
  for (const file of files.filter((name) => !links.includes(name)))
    cpSync(join(root, file), join(folder, file), { recursive: true });
  for (const link of links) symlinkSync(join(root, link), join(folder, link));
  return folder;
}
