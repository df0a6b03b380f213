import { PutObjectCommand } from "@aws-sdk/client-s3";
import type { DataCaptureConfig } from "@aws-sdk/client-sagemaker";
import { randomUUID } from "node:crypto";
import type { RoleSession } from "../aws/cloud";
import { parseS3Uri } from "../aws/s3";

const flushEveryMs = 1_000;

/** A body, and what it says it is. */
export interface Body {
  contentType: string;
  body: Buffer;
}

/** A request that was answered. */
export interface Exchange {
  eventId: string;
  inferenceId: string | undefined;
  input: Body;
  output: Body;
}

/**
 * Data capture of one variant: a share of its requests with their answers, in the JSON Lines and under the keys of AWS
 * (https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html), written in the name of
 * the model's role. As on AWS, a role that may not write costs no request.
 */
export class DataCapture {
  private waiting: string[] = [];
  private readonly timer = setInterval(() => void this.flush(), flushEveryMs);

  constructor(
    private readonly config: DataCaptureConfig,
    private readonly session: RoleSession,
    /** `<endpoint>/<variant>` */
    private readonly path: string,
  ) {
    this.timer.unref();
  }

  take(exchange: Exchange): void {
    if (Math.random() * 100 >= (this.config.InitialSamplingPercentage ?? 0)) return;
    this.waiting.push(JSON.stringify(capturedLine(this.config, exchange, new Date())));
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
    this.session.close();
  }

  private async flush(): Promise<void> {
    if (this.waiting.length === 0) return;
    const Body = `${this.waiting.join("\n")}\n`;
    this.waiting = [];
    const { bucket: Bucket, key } = parseS3Uri(this.config.DestinationS3Uri ?? "");
    const { KmsKeyId } = this.config;
    const Key = [key.replace(/\/$/, ""), this.path, fileName(new Date())].filter(Boolean).join("/");
    const encryption = KmsKeyId ? { ServerSideEncryption: "aws:kms" as const, SSEKMSKeyId: KmsKeyId } : {};
    await this.session.s3
      .send(new PutObjectCommand({ Bucket, Key, Body, ContentType: "application/jsonlines", ...encryption }))
      .catch((error: Error) => console.error(`captured data of ${this.path} is lost: ${error.message}`));
  }
}

/** One line of captured data. */
export function capturedLine(config: DataCaptureConfig, exchange: Exchange, time: Date): object {
  const modes = (config.CaptureOptions ?? []).map(({ CaptureMode }) => CaptureMode);
  const { eventId, inferenceId, input, output } = exchange;
  const both = modes.includes("InputAndOutput");
  return {
    captureData: {
      ...(both || modes.includes("Input") ? { endpointInput: captured("INPUT", input, config) } : {}),
      ...(both || modes.includes("Output") ? { endpointOutput: captured("OUTPUT", output, config) } : {}),
    },
    eventMetadata: {
      eventId,
      ...(inferenceId === undefined ? {} : { inferenceId }),
      inferenceTime: time.toISOString().replace(/\.\d+/, ""),
    },
    eventVersion: "0",
  };
}

/** As text when the configuration says so of its content type, else in Base64. */
function captured(mode: "INPUT" | "OUTPUT", { contentType, body }: Body, config: DataCaptureConfig) {
  const { JsonContentTypes = [], CsvContentTypes = [] } = config.CaptureContentTypeHeader ?? {};
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  const encoding = JsonContentTypes.includes(type)
    ? "JSON"
    : CsvContentTypes.includes(type)
      ? "CSV"
      : "BASE64";
  const data = body.toString(encoding === "BASE64" ? "base64" : "utf8");
  return { observedContentType: contentType, mode, data, encoding };
}

/** `2026/11/29/20/16-05-123-<uuid>.jsonl`, in UTC. */
function fileName(time: Date): string {
  const [year, month, day, hour, minute, second, millisecond] = time.toISOString().match(/\d+/g)!;
  return `${year}/${month}/${day}/${hour}/${minute}-${second}-${millisecond}-${randomUUID()}.jsonl`;
}
