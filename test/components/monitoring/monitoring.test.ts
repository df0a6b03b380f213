import { expect } from "chai";
import { formatRelease } from "../../../components/release/current-release";
import program from "../../../index";
import { allSources, configuration, release } from "../configurations";
import { type Declared, declare, only } from "../mocks";

interface Widget {
  type: string;
  x: number;
  y: number;
  width: number;
  height: number;
  properties: {
    title?: string;
    alarms?: string[];
    query?: string;
    metrics?: unknown[][];
    annotations?: { horizontal: { label: string; value: number }[] };
  };
}

const declaredOn = (stack: string, changes: Record<string, unknown> = {}) =>
  declare(program, {
    stack,
    config: configuration(stack, changes),
    parameters: { [`/slipway/${stack}/release`]: formatRelease(release) },
  });

const widgetsOf = (declared: Declared[]) =>
  (JSON.parse(only(declared, "Dashboard").dashboardBody as string) as { widgets: Widget[] }).widgets;

const alarmsOf = (declared: Declared[]) => declared.filter(({ type }) => type.endsWith(":MetricAlarm"));

describe("Monitoring", () => {
  let main: Declared[];
  before(async () => {
    main = await declaredOn("main", allSources);
  });

  it("draws every alarm with its own metric and its own limit", () => {
    const charts = widgetsOf(main).filter(({ properties }) => properties.annotations);
    const drawn = charts.map(({ properties: { metrics, annotations } }) => {
      const [namespace, metric, ...rest] = metrics![0]!;
      const { stat } = rest.pop() as { stat: string };
      const { label, value } = annotations!.horizontal[0]!;
      return { label, value, namespace, metric, stat, dimensions: rest };
    });
    expect(drawn).to.have.deep.members(
      alarmsOf(main).map(({ inputs }) => ({
        ...{ label: inputs.name, value: inputs.threshold },
        ...{ namespace: inputs.namespace, metric: inputs.metricName },
        stat: inputs.extendedStatistic ?? inputs.statistic,
        dimensions: Object.entries(inputs.dimensions as object)
          .sort()
          .flat() as unknown[],
      })),
    );
    expect(drawn.map(({ label }) => label)).to.include.members([
      ...["slipway-main-real-time-latency", "slipway-main-results-age", "slipway-main-api-errors"],
      ...["slipway-main-source-trips-behind", "slipway-main-source-files-errors"],
    ]);
  });

  it("has one alarm over all others, under a name that is none of theirs", () => {
    const { alarmName, alarmRule } = only(main, "CompositeAlarm");
    const names = alarmsOf(main).map(({ inputs }) => inputs.name as string);
    expect((alarmRule as string).split(" OR ")).to.have.members(names.map((name) => `ALARM("${name}")`));
    expect(alarmName).to.equal("slipway-main");
    for (const name of names) expect(name).to.match(/^slipway-main-/);
    const [states] = widgetsOf(main).filter(({ type }) => type === "alarm");
    expect(states?.properties.alarms).to.have.length(names.length + 1);
  });

  it("has no dashboard where none is wanted, and everything else", async () => {
    const without = await declaredOn("main", { ...allSources, "slipway:dashboard": false });
    const names = (declared: Declared[]) => declared.map(({ type, name }) => `${type} ${name}`);
    const missing = names(main).filter((name) => !names(without).includes(name));
    expect(missing).to.deep.equal(["aws:cloudwatch/dashboard:Dashboard monitoring-dashboard"]);
  });

  it("stays within what CloudWatch takes for a rule, a dashboard and a row", () => {
    expect((only(main, "CompositeAlarm").alarmRule as string).length).to.be.below(10_240);
    expect(alarmsOf(main).length).to.be.at.most(100);
    const widgets = widgetsOf(main);
    expect(widgets.length).to.be.at.most(500);
    const cells = widgets.flatMap(({ x, y, width, height }) =>
      Array.from(
        { length: width * height },
        (_, cell) => `${x + (cell % width)} ${y + Math.floor(cell / width)}`,
      ),
    );
    expect(new Set(cells).size, "widgets overlap").to.equal(cells.length);
    expect(Math.max(...widgets.map(({ x, width }) => x + width))).to.equal(24);
  });

  it("tells subscribers when an alarm rings, and when none does any more", () => {
    const pattern = (name: string) =>
      JSON.parse(only(main, "EventRule", name).eventPattern as string) as { detail: object };
    expect(pattern("results-alarms").detail).to.deep.equal({
      ...{ alarmName: [{ prefix: "slipway-main-" }], state: { value: ["ALARM"] } },
    });
    expect(pattern("results-quiet").detail).to.deep.equal({
      ...{ alarmName: ["slipway-main"], state: { value: ["OK"] }, previousState: { value: ["ALARM"] } },
    });
  });

  it("saves queries in a folder of the stack, for logs that the stack has", () => {
    const groups = main.filter(({ type }) => type.endsWith(":LogGroup")).map(({ inputs }) => inputs.name);
    const ofAccount = "/aws/sagemaker/ProcessingJobs";
    const queries = main.filter(({ type }) => type.endsWith(":QueryDefinition"));
    expect(queries.length).to.be.above(6);
    for (const { inputs } of queries) {
      expect(inputs.name).to.match(/^slipway\/main\//);
      expect(inputs.logGroupNames).to.not.be.empty;
      expect([...groups, ofAccount]).to.include.members(inputs.logGroupNames as string[]);
    }
  });

  it("shows cold starts of a serverless endpoint, and the load of instances", async () => {
    const titles = (declared: Declared[]) =>
      widgetsOf(declared).map(({ properties }) => properties.title ?? "");
    const dev = titles(await declaredOn("dev"));
    expect(dev.filter((title) => /Cold starts|Load of/.test(title))).to.have.length(1);
    expect(dev.join()).to.include("Cold starts");
    expect(titles(main).join()).to.include("Load of the instances").and.not.include("Cold starts");
  });

  it("tells `slipway logs` of a log group for each stage: of each Lambda, the jobs and the endpoint", async () => {
    const all = { "slipway:publicSubscriptions": true, "slipway:apiAccessLogs": "account-role" };
    let logGroups: Record<string, string> = {};
    const declared = await declare(
      async () => (await program()).monitoring.logGroups.apply((known) => (logGroups = known)) && undefined,
      { config: configuration("dev", { ...allSources, ...all }) },
    );
    const lambdas = declared.filter(({ type }) => type.endsWith(":LambdaHandler")).length;
    const stages = Object.keys(logGroups).filter((stage) => logGroups[stage]!.startsWith("/aws/lambda/"));
    expect(stages).to.have.length(lambdas);
    expect(logGroups).to.include({
      ...{
        predict: "/aws/lambda/slipway-dev-predict",
        "ingest:trips": "/aws/lambda/slipway-dev-ingest-trips",
      },
      ...{
        training: "/aws/sagemaker/TrainingJobs",
        endpoint: "/aws/sagemaker/Endpoints/slipway-dev-serverless",
      },
      ...{ access: "/aws/apigateway/slipway-dev", events: "/aws/events/slipway-dev-jobs" },
    });
  });
});
