import { strToU8, zipSync, type Zippable } from "fflate";
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type Asset, asAsset } from "./values";

/** Same time stamp in every file, so that the same files give the same archive. ZIP knows no year before 1980. */
const epoch = new Date("1980-01-02T00:00:00Z");

/** Contents of a file asset. @throws Error when `value` is none, or cannot be read. */
export async function assetBytes(value: unknown): Promise<Uint8Array> {
  const asset = asAsset(value);
  if (asset?.kind === "archive") return archiveBytes(value);
  if (!asset) throw new Error("Give the content as text, base64 or a pulumi.asset.");
  return bytes(asset);
}

/** A ZIP archive with what a `FileArchive` (ZIP file or folder), `AssetArchive` or `RemoteArchive` holds. */
export async function archiveBytes(value: unknown): Promise<Uint8Array> {
  const archive = asAsset(value);
  if (archive?.kind !== "archive")
    throw new Error("Give the code as a pulumi.asset.FileArchive or AssetArchive.");
  const isFile = archive.path !== undefined && !(await stat(archive.path)).isDirectory();
  if (isFile || archive.uri) return bytes(archive);
  const files = new Map<string, Uint8Array>();
  await collect(archive, "", files);
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  // Readable by all: a Lambda runs under another user.
  const entries = sorted.map(
    ([name, data]) => [name, [data, { mtime: epoch, os: 3, attrs: 0o100755 << 16 }]] as const,
  );
  return zipSync(Object.fromEntries(entries) as Zippable);
}

async function collect(asset: Asset, at: string, files: Map<string, Uint8Array>): Promise<void> {
  for (const [name, part] of Object.entries(asset.assets ?? {})) {
    const inner = asAsset(part);
    if (!inner) throw new Error(`'${name}' in the archive is neither an asset nor an archive.`);
    await collect(inner, at ? `${at}/${name}` : name, files);
  }
  if (asset.assets) return;
  if (asset.path !== undefined && (await stat(asset.path)).isDirectory()) {
    for (const file of await filesBelow(asset.path)) {
      files.set(
        [at, relative(asset.path, file).split(sep).join("/")].filter(Boolean).join("/"),
        await readFile(file),
      );
    }
    return;
  }
  files.set(at, await bytes(asset));
}

async function bytes({ text, path, uri }: Asset): Promise<Uint8Array> {
  if (text !== undefined) return strToU8(text);
  if (path !== undefined) return readFile(path);
  if (uri?.startsWith("file:")) return readFile(fileURLToPath(uri));
  throw new Error(
    `The laptop target reads assets from files and texts only, not from ${uri ?? "an asset without content"}.`,
  );
}

async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    const info = await lstat(path);
    if (info.isDirectory()) found.push(...(await filesBelow(path)));
    else found.push(path);
  }
  return found;
}
