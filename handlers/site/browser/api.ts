/** A problem document (RFC 9457), as far as the page shows it. */
export interface Problem {
  title: string;
  detail: string;
  status: number;
  errors: { field: string; value?: unknown; rule: string }[];
  requestId?: string;
  /** Seconds. */
  retryAfter?: number;
}

export interface Prediction {
  value: number | string;
  lower: number;
  upper: number;
  unit?: string;
  probabilities?: Record<string, number>;
}

export interface Answer {
  prediction: Prediction;
  release: string;
  requestId: string;
  milliseconds: number;
}

/** API Gateway waits 29 seconds for the model. */
const timeoutMilliseconds = 31_000;

/** Where a path of the API is. */
export const urlOf = (path: string): string => new URL(path, document.baseURI).href;

/** Asks for the prediction of one record; whatever goes wrong becomes a problem. */
export async function predict(record: Record<string, unknown>, key: string): Promise<Answer | Problem> {
  const began = performance.now();
  try {
    const response = await fetch(urlOf("predict"), {
      method: "POST",
      headers: { "x-api-key": key, "content-type": "application/json" },
      body: JSON.stringify(record),
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    const body = (await response.json().catch(() => ({}))) as Body;
    const [prediction] = body.predictions ?? [];
    if (!response.ok || !prediction) return problemOf(response, body);
    const milliseconds = Math.round(performance.now() - began);
    return { prediction, release: body.release ?? "", requestId: body.requestId ?? "", milliseconds };
  } catch (error) {
    return (error as Error).name === "TimeoutError" ? tooSlow : unreachable;
  }
}

/** The release that is served; a problem when none is. */
export async function health(): Promise<{ release: string } | Problem> {
  try {
    const response = await fetch(urlOf("health"), { signal: AbortSignal.timeout(timeoutMilliseconds) });
    const body = (await response.json().catch(() => ({}))) as Body;
    return response.ok ? { release: body.release ?? "" } : problemOf(response, body);
  } catch {
    return unreachable;
  }
}

interface Body extends Partial<Problem> {
  predictions?: Prediction[];
  release?: string;
}

/** API Gateway itself does not always say more than a status. */
function problemOf({ status, headers }: Response, { title, detail, errors, requestId }: Body): Problem {
  const [ownTitle, ownDetail] = words[status] ?? [
    "The API did not answer as it should",
    `Its answer had the status ${status}.`,
  ];
  const wait = Number(headers.get("retry-after"));
  return {
    ...{ status, title: title ?? ownTitle, detail: detail ?? ownDetail, errors: errors ?? [] },
    ...(requestId ? { requestId } : {}),
    ...(wait > 0 ? { retryAfter: wait } : {}),
  };
}

const words: Record<number, [string, string]> = {
  403: ["The API key is missing or unknown", "Enter the key that the team gave you, then ask again."],
  413: ["The request is too large", "Shorten what you have entered, then ask again."],
  429: ["Too many requests", "The limit of this API key is reached. Wait a moment, then ask again."],
  504: ["The answer took too long", "The model may be starting. Wait a moment, then ask again."],
};

const unreachable: Problem = {
  status: 0,
  title: "The API cannot be reached",
  detail:
    "This device may be offline. What you have entered is still here: ask again when you are connected.",
  errors: [],
};

const tooSlow: Problem = {
  status: 0,
  title: "The answer took too long",
  detail: "Nothing came back within half a minute. Wait a moment, then ask again.",
  errors: [],
};
