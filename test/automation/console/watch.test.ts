import { expect } from "chai";
import { once } from "node:events";
import { UserError } from "../../../automation/errors";
import { NotUp } from "../../../automation/console/world";
import {
  type Activity,
  type Job,
  type Reading,
  type SectionName,
  type Sections,
} from "../../../automation/console/sections";
import { type Sources, Watch } from "../../../automation/console/watch";

const hour = 3600;

/** Sources that are read once an hour, or when they are nudged: these, and empty ones. */
function sources(own: Partial<{ [Name in SectionName]: () => Promise<Sections[Name]> }>): Sources {
  const never = () => new Promise<never>(() => undefined);
  const names = [
    "stack",
    "data",
    "jobs",
    "releases",
    "endpoint",
    "traffic",
    "messages",
    "alarms",
    "monitor",
    "cost",
    "pictures",
  ];
  return Object.fromEntries(
    names.map((name) => [name, { seconds: hour, read: own[name as SectionName] ?? never }]),
  ) as unknown as Sources;
}

describe("the console's watch", () => {
  const ended = new AbortController();
  after(() => ended.abort());

  it("tells a section when it is nudged and has changed, and keeps it for pages that are opened later", async () => {
    let monthly = 1;
    let looks = 0;
    const read = () => {
      looks += 1;
      return Promise.resolve({ monthly, components: [] });
    };
    const watch = new Watch(sources({ cost: read }));
    const told: Reading[] = [];
    watch.on("section", (_, reading) => told.push(reading));
    const first = once(watch, "section");
    void watch.run(ended.signal);
    await first;
    watch.nudge(["cost"]); // looks again, and nothing has changed
    while (looks < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    monthly = 2;
    const second = once(watch, "section");
    watch.nudge(["cost"]);
    await second;
    expect(told).to.deep.equal([1, 2].map((each) => ({ value: { monthly: each, components: [] } })));
    expect(watch.readings.cost).to.deep.equal(told[1]);
  });

  it("says why a section cannot be read, and reads it again", async () => {
    let works = false;
    const read = () =>
      works ? Promise.resolve(null) : Promise.reject(new UserError("You may not see this."));
    const watch = new Watch(sources({ endpoint: read }));
    const first = once(watch, "section");
    void watch.run(ended.signal);
    expect(await first).to.deep.equal(["endpoint", { fault: "You may not see this." }]);
    works = true;
    const second = once(watch, "section");
    watch.nudge(["endpoint"]);
    expect(await second).to.deep.equal(["endpoint", { value: null }]);
  });

  it("numbers and dates what has happened", async () => {
    const mails = [{ id: "1", at: "", to: "a@b.c", subject: "One", kind: "", severity: "info" }];
    let known = mails.slice(1);
    const read = () => Promise.resolve({ waiting: 0, dead: 0, mails: known });
    const watch = new Watch(sources({ messages: read }));
    const first = once(watch, "section");
    void watch.run(ended.signal);
    await first;
    known = mails;
    const happened = once(watch, "activity") as Promise<[Activity]>;
    watch.nudge(["messages"]);
    const [{ id, at, text }] = await happened;
    expect({ id, text }).to.deep.equal({ id: 1, text: "mail to a@b.c: One" });
    expect(Date.parse(at)).to.be.closeTo(Date.now(), 60_000);
    expect(watch.activities).to.have.length(1);
  });

  const job = (status: string): Job => ({
    ...{ kind: "processing", name: "one", status, detail: "", metrics: {} },
    ...{ createdAt: "", endedAt: null },
  });

  for (const [what, looks, told] of [
    [
      "what is there at the first look after the stack was not up",
      [new NotUp("dev"), [job("Completed")]],
      ["processing job one: completed"],
    ],
    [
      "what came while a section could not be read",
      [[job("InProgress")], new UserError("You are throttled."), [job("Completed")]],
      ["processing job one: completed"],
    ],
    [
      "nothing of what was there when the console was opened",
      [new UserError("You are throttled."), [job("Completed")]],
      [],
    ],
  ] as [string, (Job[] | Error)[], string[]][]) {
    it(`tells ${what}`, async () => {
      const waiting = [...looks];
      const next = () => {
        const look = waiting.shift()!;
        return look instanceof Error ? Promise.reject(look) : Promise.resolve(look);
      };
      const watch = new Watch(sources({ jobs: next }));
      const end = new AbortController();
      for (let turn = 0; turn < looks.length; turn++) {
        const read = once(watch, "section");
        if (turn === 0) void watch.run(end.signal);
        else watch.nudge(["jobs"]);
        await read;
      }
      end.abort();
      expect(watch.activities.map(({ text }) => text)).to.deep.equal(told);
    });
  }
});
