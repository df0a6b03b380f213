import type * as pulumi from "@pulumi/pulumi";
import { isWholeNumber, requireProperty } from "../shared/validation";
import { DataSource, type SourceArgs } from "./data-source";

export interface HttpSettings {
  kind: "http";
  /** https; http only for an address of this machine. Without credentials: they would be in logs and mails. */
  url: string;
  /** When to ask for it. Default `rate(1 day)`. */
  schedule?: string;
  /** Of the document. Default 5,000. */
  maxMegabytes?: number;
  /** Default: what the URL or the server says, else CSV. */
  format?: "csv" | "jsonl" | "parquet";
}

const formats = ["csv", "jsonl", "parquet"];
/** Larger documents could hardly be loaded in the 15 minutes of a Lambda. */
const mostMegabytes = 15_000;

/** A document at a URL outside: asked for on a schedule, and landed whenever it has changed. */
export class HttpSource extends DataSource {
  constructor(
    name: string,
    args: SourceArgs & { settings: HttpSettings },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { url, schedule = "rate(1 day)", maxMegabytes = 5_000, format } = args.settings;
    check(url, maxMegabytes, format);
    super(
      "slipway:data:HttpSource",
      name,
      args,
      {
        kind: "http",
        description: `Lands ${new URL(url).host}'s document when it has changed`,
        settings: { url, maxMegabytes, format },
        schedule,
      },
      opts,
    );
    this.registerOutputs({ functionName: this.functionName });
  }
}

function check(url: string, maxMegabytes: number, format: string | undefined): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const local = ["127.0.0.1", "[::1]"].includes(parsed?.hostname ?? "");
  requireProperty(
    parsed?.protocol === "https:" || (local && parsed?.protocol === "http:"),
    "url",
    url,
    "give a URL that begins with https:// (or, to try it on this machine, http://127.0.0.1)",
  );
  requireProperty(
    parsed?.username === "" && parsed.password === "",
    "url",
    `${parsed?.protocol}//...@${parsed?.host}`,
    "leave user and password out of it",
  );
  requireProperty(
    isWholeNumber(maxMegabytes, 1, mostMegabytes),
    "maxMegabytes",
    maxMegabytes,
    `give a whole number of megabytes from 1 to ${mostMegabytes}`,
  );
  requireProperty(
    format === undefined || formats.includes(format),
    "format",
    format,
    `write one of ${formats.join(", ")}`,
  );
}
