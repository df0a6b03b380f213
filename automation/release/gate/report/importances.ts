import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Parser } from "tar";
import * as v from "valibot";

const cardSchema = v.object({ feature_importances: v.record(v.string(), v.number()) });

/**
 * Share of each feature, largest first, from `model-card.json` in a model artifact. Empty when the container writes no
 * card or the artifact cannot be read: a picture less, no reason to stop a release.
 * @param modelDataUrl `s3://<bucket>/<key>` of a model.tar.gz.
 */
export async function readImportances(s3: S3Client, modelDataUrl: string): Promise<Record<string, number>> {
  try {
    const card = v.parse(cardSchema, JSON.parse(await readCard(s3, modelDataUrl)));
    return Object.fromEntries(Object.entries(card.feature_importances).sort(([, a], [, b]) => b - a));
  } catch {
    return {};
  }
}

async function readCard(s3: S3Client, modelDataUrl: string): Promise<string> {
  const { hostname: Bucket, pathname } = new URL(modelDataUrl);
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket, Key: decodeURIComponent(pathname.slice(1)) }),
  );
  const chunks: Buffer[] = [];
  const parser = new Parser({
    onReadEntry(entry) {
      if (entry.path.replace(/^\.\//, "") === "model-card.json")
        entry.on("data", (chunk: Buffer) => chunks.push(chunk));
      else entry.resume();
    },
  });
  await pipeline(Body as Readable, parser as unknown as NodeJS.WritableStream);
  return Buffer.concat(chunks).toString("utf8");
}
