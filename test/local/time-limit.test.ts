import { expect } from "chai";
import { withTimeLimit } from "../../local/time-limit";

/** Work that ends only when it is told to. */
const endless = (signal: AbortSignal) =>
  new Promise<never>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true }),
  );
const failure = (work: Promise<unknown>) =>
  work.then(String, ({ name, message }: Error) => `${name}: ${message}`);

describe("withTimeLimit", () => {
  it("gives what the work gives", async () => {
    expect(await withTimeLimit(1000, undefined, () => Promise.resolve(7))).to.equal(7);
  });

  it("ends the work when the time is over", async () => {
    expect(await failure(withTimeLimit(10, undefined, endless))).to.equal(
      "TimeoutError: no answer within 0.01 s",
    );
  });

  it("ends the work with the other signal, even one from before", async () => {
    const controller = new AbortController();
    const working = failure(withTimeLimit(60_000, controller.signal, endless));
    controller.abort(new Error("enough"));
    expect(await working).to.equal("Error: enough");
    expect(
      await failure(withTimeLimit(60_000, controller.signal, (signal) => Promise.resolve(signal.aborted))),
    ).to.equal("true");
  });
});
