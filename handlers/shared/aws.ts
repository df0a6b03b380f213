import { HttpRequest } from "@smithy/core/protocols";
import { Hash } from "@smithy/core/serde";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { SignatureV4 } from "@smithy/signature-v4";
import { addAbortSignal, type Readable } from "node:stream";
import { text } from "node:stream/consumers";
import pRetry from "p-retry";

/**
 * Requests to AWS by the signer and the HTTP connections of the AWS SDK, without the rest of it: with the SDK's clients
 * the bundle would be five times as large and take five times as long to load (docs/decisions).
 */

/** A service, and for how long it may be asked. */
export interface Service {
  /** As in the host's name. */
  host: "runtime.sagemaker" | "sqs" | "dynamodb";
  /** As in AWS_ENDPOINT_URL_<id>, where something else than AWS answers. */
  id: "SAGEMAKER_RUNTIME" | "SQS" | "DYNAMODB";
  /** As in the signature. */
  signingName: "sagemaker" | "sqs" | "dynamodb";
  attempts: number;
  /** Milliseconds, of one attempt. */
  attemptMs: number;
  /** Milliseconds, of all attempts and the pauses between them. */
  totalMs: number;
}

/** AWS's refusal of a request; `name` is AWS's own, such as `ThrottlingException`. */
export class AwsError extends Error {
  constructor(
    override readonly name: string,
    message: string,
    readonly status: number,
    /** The answer's body, if it is JSON. */
    readonly body: Record<string, unknown>,
  ) {
    super(message);
  }
}

export interface AwsAnswer {
  headers: Record<string, string>;
  body: string;
}

/** A service of AWS in the Lambda's own region, asked in the name of the Lambda's role. Keeps its connections. */
export class AwsClient {
  private readonly endpoint: URL;
  private readonly signer: SignatureV4;
  private readonly connections: NodeHttpHandler;

  constructor(
    private readonly service: Service,
    environment: Record<string, string | undefined> = process.env,
  ) {
    const {
      AWS_REGION: region = "us-east-1",
      AWS_ACCESS_KEY_ID = "",
      AWS_SECRET_ACCESS_KEY = "",
    } = environment;
    const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    this.endpoint = new URL(
      environment[`AWS_ENDPOINT_URL_${service.id}`] ??
        environment.AWS_ENDPOINT_URL ??
        `https://${service.host}.${region}.${domain}`,
    );
    // Lambda gives an execution environment credentials for as long as it lives.
    const credentials = {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(environment.AWS_SESSION_TOKEN ? { sessionToken: environment.AWS_SESSION_TOKEN } : {}),
    };
    const sha256 = Hash.bind(null, "sha256");
    this.signer = new SignatureV4({ service: service.signingName, region, credentials, sha256 });
    this.connections = new NodeHttpHandler({
      connectionTimeout: 1000,
      requestTimeout: service.attemptMs,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true },
      httpsAgent: { keepAlive: true },
    });
  }

  /**
   * Sends `body`, and again while the service is unavailable or throttles.
   * @throws AwsError when AWS refuses; Error named TimeoutError, or with the socket's `code`, when it does not answer.
   */
  async post(path: string, headers: Record<string, string>, body: string): Promise<AwsAnswer> {
    const signal = AbortSignal.timeout(this.service.totalMs);
    return pRetry(() => this.attempt(path, headers, body, signal), {
      ...{ signal, retries: this.service.attempts - 1, minTimeout: 100, randomize: true },
      shouldRetry: ({ error }) => mayPass(error),
    });
  }

  /** The same in the protocol "AWS JSON" (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html). */
  async call(operation: string, input: object): Promise<Record<string, unknown>> {
    const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": operation };
    const { body } = await this.post("/", headers, JSON.stringify(input));
    return parse(body);
  }

  private async attempt(path: string, headers: Record<string, string>, body: string, signal: AbortSignal) {
    const { protocol, hostname, port, host } = this.endpoint;
    const request = new HttpRequest({
      ...{ method: "POST", protocol, hostname, path, body },
      ...(port ? { port: Number(port) } : {}),
      headers: { ...headers, host, "content-length": `${Buffer.byteLength(body)}` },
    });
    const signed = new HttpRequest(await this.signer.sign(request));
    // Not signed, as nobody may rely on it: by it X-Ray knows which requests belong together.
    if (process.env._X_AMZN_TRACE_ID) signed.headers["x-amzn-trace-id"] = process.env._X_AMZN_TRACE_ID;
    const { response } = await this.connections.handle(signed, { abortSignal: signal });
    const answer = await text(addAbortSignal(signal, response.body as Readable));
    if (response.statusCode >= 300) throw errorOf(response.statusCode, response.headers, answer);
    return { headers: response.headers, body: answer };
  }
}

const throttled = /Throttl|TooManyRequests|ProvisionedThroughputExceeded|RequestLimitExceeded/;

/** Whether the same request may succeed in a moment. */
function mayPass(error: Error): boolean {
  if (error instanceof AwsError)
    return error.status >= 500 || error.status === 429 || throttled.test(error.name);
  return error.name === "TimeoutError" || "code" in error; // of the socket: ECONNRESET, EPIPE, ENOTFOUND, ...
}

function errorOf(status: number, headers: Record<string, string>, text: string): AwsError {
  const body = parse(text);
  const type = headers["x-amzn-errortype"] ?? body.__type ?? body.code;
  // "com.amazonaws.sqs#QueueDoesNotExist", "ValidationError:http://..."
  const name = typeof type === "string" ? type.replace(/^.*#/, "").replace(/:.*$/, "") : "UnknownError";
  const message = body.message ?? body.Message;
  return new AwsError(name, typeof message === "string" ? message : `status ${status}`, status, body);
}

function parse(body: string): Record<string, unknown> {
  try {
    return (JSON.parse(body) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
