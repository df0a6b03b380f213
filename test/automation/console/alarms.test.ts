import { CloudWatchClient, type DescribeAlarmsOutput } from "@aws-sdk/client-cloudwatch";
import { expect } from "chai";
import { alarmComponents, AlarmsReader } from "../../../automation/console/readers/alarms";
import { type World } from "../../../automation/console/world";
import { type Resource } from "../../../automation/stack";
import { scaled } from "../../components/configurations";
import { allSwitchedOn, programResources } from "../diagram/program";

describe("the console's alarms", () => {
  let resources: Resource[];
  before(async () => (resources = await programResources("main", { ...allSwitchedOn, ...scaled })));

  it("are each of the component of the program that it is in", () => {
    const alarms = resources.filter(({ type }) => /alarm/i.test(type));
    const found = alarmComponents(resources);
    expect(alarms.length).to.be.above(10);
    expect(found.size).to.equal(alarms.length);
    const names = alarms.map(({ inputs }) => String(inputs.name ?? inputs.alarmName));
    expect(names.filter((name) => !found.has(name))).to.deep.equal([]);
    const of = (component: string) => names.filter((name) => found.get(name) === component);
    expect(of("api")).to.deep.equal(["slipway-main-api-errors"]);
    expect(of("monitor")).to.have.members(
      ["feature-drift", "prediction-drift", "model-error"].map((role) => `slipway-main-${role}`),
    );
    expect(of("monitoring")).to.deep.equal(["slipway-main"]);
    expect(of("endpoint").length).to.be.above(2);
    for (const component of ["sources", "results"])
      expect(
        of(component).filter((name) => !name.startsWith(`slipway-main-${component.slice(0, 6)}`)),
      ).to.deep.equal([]);
    const known = ["api", "monitor", "monitoring", "endpoint", "sources", "results"];
    expect([...new Set(found.values())]).to.have.members(known);
  });

  it("are found among the stack's resources once, and again when there is a new one", async () => {
    let looks = 0;
    const reader = new AlarmsReader(() => Promise.resolve(looks++ === 0 ? [] : resources));
    const MetricAlarms = ["api-errors", "by-hand"].map((name) => ({ AlarmName: `slipway-main-${name}` }));
    const read = async (alarms: typeof MetricAlarms) => {
      const found = await reader.read(world({ MetricAlarms: alarms }));
      return found.map(({ name, component }) => [name, component]);
    };
    expect(await read(MetricAlarms.slice(0, 1))).to.deep.equal([["api-errors", null]]);
    expect(await read(MetricAlarms.slice(0, 1))).to.deep.equal([["api-errors", "api"]]);
    await read(MetricAlarms.slice(0, 1));
    expect(looks).to.equal(2);
    expect(await read(MetricAlarms)).to.deep.equal([
      ["api-errors", "api"],
      ["by-hand", null],
    ]);
  });
});

/** A stack of which CloudWatch describes these alarms. */
function world(described: DescribeAlarmsOutput): World {
  const cloudwatch = new CloudWatchClient({ region: "us-east-1" });
  Object.assign(cloudwatch, { send: () => Promise.resolve(described) });
  return { clients: { cloudwatch }, outputs: { jobPrefix: "slipway-main-" } } as unknown as World;
}
