import { join } from "node:path";
import { run } from "../../automation/run";

export const root = join(__dirname, "..", "..");

/** Builds the documentation as a site. @throws Error with what VitePress says: of dead links, for instance. */
export async function buildSite(folder: string): Promise<void> {
  const command = join(root, "node_modules", "vitepress", "bin", "vitepress.js");
  const args = [command, "build", "docs", "--outDir", folder];
  const { code, stdout, stderr } = await run(process.execPath, args, { cwd: root, env: process.env });
  if (code !== 0) throw new Error(`the site cannot be built: ${stdout}${stderr}`);
}
