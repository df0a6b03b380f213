/** What an image is held to. Times are in seconds where the name does not say milliseconds. */
export interface Limits {
  /** How long one run of `train` may take here. Not a rule of SageMaker's. */
  trainSeconds: number;
  trainStopSeconds: number;
  /** From the start of `serve` to the first 200 of /ping. */
  startSeconds: number;
  pingSeconds: number;
  acceptMilliseconds: number;
  invocationSeconds: number;
  serveStopSeconds: number;
  /** Requests that are under way at the same time, and all of them. Not a rule of SageMaker's. */
  concurrent: number;
  loadRequests: number;
  payloadBytes: number;
  /** Of the compressed image, in units of 10^9 bytes. */
  gigabytes: number;
}

/**
 * SageMaker's own values: "Use Your Own Inference Code with Hosting Services", "How Amazon SageMaker AI Runs Your
 * Training Image" and "Amazon SageMaker AI endpoints and quotas" in its developer guide.
 */
export const sageMakerLimits: Limits = {
  trainSeconds: 3600,
  trainStopSeconds: 120,
  startSeconds: 240,
  pingSeconds: 2,
  acceptMilliseconds: 250,
  invocationSeconds: 60,
  serveStopSeconds: 30,
  concurrent: 50,
  loadRequests: 200,
  payloadBytes: 6 * 1024 * 1024,
  gigabytes: 10,
};
