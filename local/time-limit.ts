/**
 * Runs `work` with a signal that is aborted after some time, or with `signal`. AbortSignal.any with AbortSignal.timeout
 * would do, did Node.js not collect the two before they fire (nodejs/node#57736).
 * @throws what `work` throws, which is a DOMException `TimeoutError` when its time is over.
 */
export async function withTimeLimit<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  const late = () =>
    controller.abort(new DOMException(`no answer within ${milliseconds / 1000} s`, "TimeoutError"));
  const timer = setTimeout(late, milliseconds);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
