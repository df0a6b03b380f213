import {
  BatchCheckLayerAvailabilityCommand,
  BatchGetImageCommand,
  CompleteLayerUploadCommand,
  ECRClient,
  GetDownloadUrlForLayerCommand,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
  type UploadLayerPartCommandInput,
} from "@aws-sdk/client-ecr";
import { serve } from "@hono/node-server";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { Hono } from "hono";
import { createHash } from "node:crypto";
import { type AddressInfo } from "node:net";
import { copyImage } from "../../../automation/release/copy-image";

const digestOf = (content: string) => `sha256:${createHash("sha256").update(content).digest("hex")}`;
const [config, shared, large] = ["{}", "a layer that both have", "0123456789".repeat(5)];
const blob = (content: string) => ({ digest: digestOf(content), size: content.length });
const manifest = JSON.stringify({ config: blob(config), layers: [blob(shared), blob(large), blob(large)] });
const registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
const uri = `${registry}/slipway-dev@${digestOf(manifest)}`;
const partSize = 20;

describe("copyImage", () => {
  const ecr = mockClient(ECRClient);
  const contents = new Map([config, shared, large].map((content) => [digestOf(content), content]));
  const app = new Hono().get("/:digest", (c) => c.body(contents.get(c.req.param("digest")) ?? "", 200));
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  let layers: Map<string, string>;
  let images: Map<string, string>;
  let uploads: Map<string, string>;
  const client = new ECRClient({ region: "us-east-1" });
  const said: string[] = [];
  const progress = { now: () => undefined, result: (text: string) => void said.push(text) };
  const copy = () => copyImage(client, uri, client, `${registry}/slipway-main`, progress);

  beforeEach(() => {
    ecr.reset();
    said.length = 0;
    uploads = new Map();
    layers = new Map([[digestOf(shared), shared]]);
    images = new Map([[`slipway-dev ${digestOf(manifest)}`, manifest]]);
    ecr
      .on(BatchGetImageCommand)
      .callsFake((input: { repositoryName: string; imageIds: { imageDigest: string }[] }) => {
        const imageManifest = images.get(`${input.repositoryName} ${input.imageIds[0]!.imageDigest}`);
        return { images: imageManifest ? [{ imageManifest, imageManifestMediaType: "m" }] : [] };
      });
    ecr.on(BatchCheckLayerAvailabilityCommand).callsFake(({ layerDigests }: { layerDigests: string[] }) => ({
      layers: layerDigests.map((layerDigest) => ({
        layerDigest,
        layerAvailability: layers.has(layerDigest) ? "AVAILABLE" : "UNAVAILABLE",
      })),
    }));
    ecr.on(GetDownloadUrlForLayerCommand).callsFake(({ layerDigest }: { layerDigest: string }) => ({
      downloadUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${layerDigest}`,
    }));
    ecr
      .on(InitiateLayerUploadCommand)
      .callsFake(() => ({ uploadId: `${uploads.set(`${uploads.size}`, "").size - 1}`, partSize }));
    ecr.on(UploadLayerPartCommand).callsFake((input: UploadLayerPartCommandInput) => {
      const so = uploads.get(input.uploadId!)!;
      const part = Buffer.from(input.layerPartBlob!).toString();
      expect([input.partFirstByte, input.partLastByte]).to.deep.equal([
        so.length,
        so.length + part.length - 1,
      ]);
      expect(part.length).to.be.at.most(partSize);
      uploads.set(input.uploadId!, so + part);
      return {};
    });
    ecr.on(CompleteLayerUploadCommand).callsFake((input: { uploadId: string; layerDigests: string[] }) => {
      const content = uploads.get(input.uploadId)!;
      if (digestOf(content) !== input.layerDigests[0]) throw new Error("InvalidLayerException");
      layers.set(digestOf(content), content);
      return {};
    });
    ecr
      .on(PutImageCommand)
      .callsFake((input: { repositoryName: string; imageManifest: string; imageDigest: string }) => {
        const { config: first, layers: rest } = JSON.parse(input.imageManifest) as {
          config: { digest: string };
          layers: { digest: string }[];
        };
        for (const { digest } of [first, ...rest])
          if (!layers.has(digest)) throw new Error("LayersNotFoundException");
        images.set(`${input.repositoryName} ${digestOf(input.imageManifest)}`, input.imageManifest);
        return {};
      });
  });
  after(() => server.close());

  it("brings the layers that are missing, in parts, and the manifest as it is", async () => {
    expect(await copy()).to.equal(`${registry}/slipway-main@${digestOf(manifest)}`);
    expect(images.get(`slipway-main ${digestOf(manifest)}`)).to.equal(manifest);
    expect([...uploads.values()].sort()).to.deep.equal([large, config].sort()); // each once, and none that is there
  });

  it("sends nothing when the image is there already", async () => {
    images.set(`slipway-main ${digestOf(manifest)}`, manifest);
    await copy();
    expect(ecr.commandCalls(PutImageCommand)).to.have.length(0);
    expect(said).to.deep.equal(["there already"]);
  });

  it("puts no image when a layer cannot be fetched whole", async () => {
    contents.set(digestOf(large), "cut off");
    const error = await copy().catch((caught: Error) => caught);
    contents.set(digestOf(large), large);
    expect((error as Error).message).to.contain("InvalidLayerException");
    expect(ecr.commandCalls(PutImageCommand)).to.have.length(0);
  });

  it("refuses an image that is gone, an index, and one that is not in ECR", async () => {
    const why = () => copy().catch((error: Error) => error.message);
    images.set(`slipway-dev ${digestOf(manifest)}`, JSON.stringify({ manifests: [] }));
    expect(await why())
      .to.contain("index of images")
      .and.contain("--provenance=false");
    images.clear();
    expect(await why()).to.contain("not in its repository any more");
    const elsewhere = copyImage(client, "docker.io/library/python:3", client, "x", progress);
    expect(await elsewhere.catch((error: Error) => error.message)).to.contain("cannot be copied");
  });
});
