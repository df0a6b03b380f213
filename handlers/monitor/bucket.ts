import { GetObjectCommand, paginateListObjectsV2, S3Client } from "@aws-sdk/client-s3";
import * as v from "valibot";
import { type Profile } from "../shared/profile";
import { type Baseline, type Stored } from "./look";

const answerSchema = v.object({ value: v.union([v.number(), v.string()]) });

/** Objects that are read at the same time. */
const atOnce = 16;

/** What the data bucket holds of a release, of requests and of labels. */
export class Bucket {
  constructor(
    private readonly bucket: string,
    private readonly s3 = new S3Client({ maxAttempts: 5 }),
  ) {}

  async baseline(release: string): Promise<Baseline> {
    const record = JSON.parse(await this.text(`releases/${release}/record.json`)) as {
      ingredients: { snapshot: string };
    };
    const { snapshot } = record.ingredients;
    const profile = JSON.parse(await this.text(`snapshots/${snapshot}/profile.json`)) as Profile;
    return { snapshot, profile, predictions: await this.evaluated(release) };
  }

  /** Objects below `prefix`, which SageMaker has put into folders by hours, newest first. */
  async *captured(prefix: string, since: Date): AsyncGenerator<Stored> {
    const [year, month, day, hour] = since.toISOString().match(/\d+/g)!;
    const keys = await this.keys(prefix, `${prefix}${year}/${month}/${day}/${hour}/`);
    yield* this.objects(keys.map(({ key }) => key).reverse());
  }

  /** Files that were put under `labels/` since then, oldest first. */
  async *labels(since: Date): AsyncGenerator<Stored> {
    const keys = (await this.keys("labels/")).filter(({ at }) => at >= since);
    keys.sort((a, b) => a.at.getTime() - b.at.getTime());
    yield* this.objects(keys.map(({ key }) => key).filter((key) => !key.endsWith("/")));
  }

  /** What the release answered to its own held-out rows. */
  private async evaluated(release: string): Promise<(number | string)[]> {
    const keys = await this.keys(`releases/${release}/evaluation/${release}/`);
    const values: (number | string)[] = [];
    for await (const { text } of this.objects(keys.map(({ key }) => key))) {
      for (const line of text.split("\n")) {
        const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), line);
        if (parsed.success) values.push(parsed.output.value);
      }
    }
    return values;
  }

  private async keys(Prefix: string, StartAfter?: string): Promise<{ key: string; at: Date }[]> {
    const found: { key: string; at: Date }[] = [];
    for await (const page of paginateListObjectsV2(
      { client: this.s3 },
      { Bucket: this.bucket, Prefix, StartAfter },
    ))
      for (const { Key = "", LastModified = new Date(0) } of page.Contents ?? [])
        found.push({ key: Key, at: LastModified });
    return found;
  }

  private async *objects(keys: string[]): AsyncGenerator<Stored> {
    for (let start = 0; start < keys.length; start += atOnce) {
      const some = keys.slice(start, start + atOnce);
      yield* await Promise.all(some.map(async (key) => ({ key, text: await this.text(key) })));
    }
  }

  private async text(Key: string): Promise<string> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.bucket, Key }));
    return Body!.transformToString();
  }
}
