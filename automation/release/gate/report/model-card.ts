import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Parser } from "tar";
import * as v from "valibot";

/** What the container says of its model, in `model-card.json`; all of it may be missing. */
const cardSchema = v.object({
  intended_use: v.optional(v.string(), ""),
  limits: v.optional(v.array(v.string()), []),
  feature_importances: v.optional(v.record(v.string(), v.number()), {}),
});

export interface ModelCard {
  intendedUse: string;
  limits: string[];
  /** Share of each feature in what was learned, largest first. */
  importances: Record<string, number>;
}

export const emptyCard: ModelCard = { intendedUse: "", limits: [], importances: {} };

/**
 * The model card in a model artifact. Empty when the container writes none or the artifact cannot be read: a picture
 * less, no reason to stop a release.
 * @param modelDataUrl `s3://<bucket>/<key>` of a model.tar.gz.
 */
export async function readModelCard(s3: S3Client, modelDataUrl: string): Promise<ModelCard> {
  try {
    const card = v.parse(cardSchema, JSON.parse(await readCard(s3, modelDataUrl)));
    const importances = Object.entries(card.feature_importances).sort(([, a], [, b]) => b - a);
    return {
      ...{ intendedUse: card.intended_use, limits: card.limits },
      importances: Object.fromEntries(importances),
    };
  } catch {
    return emptyCard;
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
