import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, mkdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import * as tar from "tar";

const oci = "application/vnd.oci.image";

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

/**
 * The reading half of a registry, with one image in two shapes that no `docker build` of every engine makes: `index`,
 * one image and its attestation, as buildx pushes them; and `arm64`, the same with another architecture.
 */
export class Registry {
  private readonly blobs = new Map<string, { mediaType?: string; content: string; isFile: boolean }>();
  private readonly tags = new Map<string, string>();
  private readonly server: Server = createServer((request, response) => {
    const reference = request.url!.slice(request.url!.lastIndexOf("/") + 1);
    const digest = this.tags.get(reference) ?? reference;
    const blob = this.blobs.get(digest);
    if (!blob) return response.writeHead(request.url === "/v2/" ? 200 : 404).end("{}");
    response.setHeader("content-type", blob.mediaType ?? "application/octet-stream");
    response.setHeader("docker-content-digest", digest);
    const { content, isFile } = blob;
    response.setHeader("content-length", isFile ? statSync(content).size : Buffer.byteLength(content));
    if (request.method === "HEAD") return response.end();
    return isFile ? createReadStream(content).pipe(response) : response.end(content);
  });

  /** Starts a registry on a free port. @param image of the engine. @param folder is made, and is the caller's. */
  static async with(image: string, folder: string): Promise<Registry> {
    mkdirSync(folder);
    const save = spawn("docker", ["save", image], { stdio: ["ignore", "pipe", "inherit"] });
    await pipeline(save.stdout, tar.extract({ cwd: folder }));
    const registry = new Registry();
    await registry.fill(folder);
    await once(registry.server.listen(0, "127.0.0.1"), "listening");
    return registry;
  }

  nameOf(tag: "index" | "arm64"): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}/check-image:${tag}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async fill(folder: string): Promise<void> {
    const [saved] = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as [
      { Config: string; Layers: string[] },
    ];
    const layers: Descriptor[] = [];
    for (const layer of saved.Layers) layers.push(await this.addLayer(join(folder, layer)));
    const config = JSON.parse(readFileSync(join(folder, saved.Config), "utf8")) as object;
    const image = this.addImage(config, layers);
    this.tags.set("arm64", this.addImage({ ...config, architecture: "arm64" }, layers).digest);
    const manifests = [
      { ...image, platform: { os: "linux", architecture: "amd64" } },
      { ...this.addImage({}, []), platform: { os: "unknown", architecture: "unknown" } },
    ];
    this.tags.set("index", this.add("index.v1+json", { schemaVersion: 2, manifests }).digest);
  }

  private addImage(config: object, layers: Descriptor[]): Descriptor {
    const manifest = { schemaVersion: 2, config: this.add("config.v1+json", config), layers };
    return this.add("manifest.v1+json", manifest);
  }

  private add(type: string, document: object): Descriptor {
    const mediaType = `${oci}.${type}`;
    const content = JSON.stringify("schemaVersion" in document ? { ...document, mediaType } : document);
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    this.blobs.set(digest, { mediaType, content, isFile: false });
    return { mediaType, digest, size: Buffer.byteLength(content) };
  }

  private async addLayer(file: string): Promise<Descriptor> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(file), hash);
    const digest = `sha256:${hash.digest("hex")}`;
    this.blobs.set(digest, { content: file, isFile: true });
    return { mediaType: `${oci}.layer.v1.tar`, digest, size: statSync(file).size };
  }
}
