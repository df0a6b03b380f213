import { expect } from "chai";
import { type EndpointState, HealthCheck } from "../../../handlers/site/health";
import { recordingLog } from "../examples";

/** A check of an endpoint in these states, one after the other; `asked` counts the questions to SageMaker. */
function check(...states: (EndpointState | undefined | Error)[]) {
  const asked = { state: 0, release: 0 };
  const clock = { now: 0 };
  const { log, records } = recordingLog();
  const health = new HealthCheck(
    {
      now: () => clock.now,
      async describe() {
        const state = states[Math.min(asked.state++, states.length - 1)];
        if (state instanceof Error) throw state;
        return Promise.resolve(state);
      },
      async releaseOf(configuration) {
        asked.release++;
        return Promise.resolve(`release of ${configuration}`);
      },
    },
    log,
  );
  return { health, asked, clock, records };
}

describe("the health", () => {
  for (const status of ["InService", "Updating", "SystemUpdating", "RollingBack"]) {
    it(`is good while the endpoint is ${status}, and names the release`, async () => {
      expect(await check({ status, configuration: "c" }).health.read()).to.deep.equal({
        status: "ok",
        release: "release of c",
      });
    });
  }

  for (const status of ["Creating", "Failed", "OutOfService", "Deleting"]) {
    it(`is not while the endpoint is ${status}`, async () => {
      const answer = await check({ status, configuration: "c" }).health.read();
      expect(answer).to.deep.include({ status: 503, name: "not-ready" });
    });
  }

  it("says that there is no release when there is no endpoint", async () => {
    expect(await check(undefined).health.read()).to.deep.include({ status: 503, name: "no-release" });
  });

  it("does not claim to know when SageMaker does not say, and logs why", async () => {
    const { health, records } = check(new Error("AccessDenied"));
    expect(await health.read()).to.deep.include({ status: 503, name: "health-unknown" });
    expect(records).to.have.nested.property("0.reason", "AccessDenied");
  });

  it("asks SageMaker once in five seconds, however many ask", async () => {
    const { health, asked, clock } = check({ status: "InService", configuration: "c" });
    await Promise.all([health.read(), health.read(), health.read()]);
    clock.now = 4999;
    await health.read();
    expect(asked).to.deep.equal({ state: 1, release: 1 });
    clock.now = 5000;
    await health.read();
    expect(asked, "a configuration's release is known for good").to.deep.equal({ state: 2, release: 1 });
  });

  it("notices another release", async () => {
    const { health, clock } = check(
      { status: "InService", configuration: "a" },
      { status: "InService", configuration: "b" },
    );
    expect(await health.read()).to.have.property("release", "release of a");
    clock.now = 5000;
    expect(await health.read()).to.have.property("release", "release of b");
  });
});
