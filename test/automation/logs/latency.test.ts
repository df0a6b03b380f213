import {
  CloudWatchLogsClient,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
} from "@aws-sdk/client-cloudwatch-logs";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { stripVTControlCharacters } from "node:util";
import { latencyChart, latencyText, readLatency } from "../../../automation/logs/latency";

const now = Date.parse("2026-11-24T09:00:00Z");
const minutesAgo = (minutes: number) => now - 60_000 * minutes;
let id = 0;
const predicted = (timestamp: number, Latency: number) => ({
  timestamp,
  message: JSON.stringify({ message: "predicted", requestId: String(id++), release: "r1", Latency }),
});
const refused = (timestamp: number) => ({
  timestamp,
  message: JSON.stringify({ message: "not predicted", requestId: String(id++), status: 400 }),
});

/** The latency that a log of these events gives; it hands them out page by page. */
function latency(events: { timestamp: number; message: string }[]) {
  const client = new CloudWatchLogsClient({ region: "us-east-1" });
  mockClient(client)
    .on(FilterLogEventsCommand)
    .callsFake(({ startTime = 0, endTime = 0, limit = 0, nextToken }: FilterLogEventsCommandInput) => {
      const first = Number(nextToken ?? 0);
      const size = Math.min(limit, 100);
      const found = events.filter(({ timestamp }) => startTime <= timestamp && timestamp <= endTime);
      return {
        events: found.slice(first, first + size),
        ...(found.length > first + size ? { nextToken: String(first + size) } : {}),
      };
    });
  return readLatency(client, "/aws/lambda/predict", now);
}

describe("latency of the last hour", () => {
  it("is what half and 95 of 100 predictions are within, by two minutes; refusals do not count", async () => {
    const found = await latency([
      predicted(minutesAgo(61), 9999),
      ...[10, 20, 30].map((value) => predicted(minutesAgo(59), value)),
      refused(minutesAgo(59)),
      predicted(minutesAgo(1), 100),
    ]);
    expect(found).to.deep.include({ measured: 4, p50: 25, p95: 89.5, sampled: false });
    expect(found.spans).to.have.length(30);
    expect(found.spans[0]).to.deep.equal({
      ...{ at: "2026-11-24T08:00:00.000Z", measured: 3, p50: 20, p95: 29 },
    });
    expect(found.spans[1]).to.deep.include({ measured: 0, p50: null, p95: null });
    expect(found.spans[29]).to.deep.include({ measured: 1, p50: 100 });
    expect(latencyText(found)).to.equal(
      "half within 25 ms, 95 of 100 within 90 ms (last 60 minutes, 4 predictions)",
    );
  });

  it("looks at a part of what came under load, and says so", async () => {
    const found = await latency(Array.from({ length: 950 }, (_, i) => predicted(minutesAgo(59) + i, 7.5)));
    expect(found).to.deep.include({ measured: 300, sampled: true });
    expect(latencyText(found)).to.include("half within 7.5 ms").and.include("at most 300 in two minutes");
  });

  it("says in words that nothing was predicted, and draws nothing", async () => {
    const found = await latency([refused(minutesAgo(3))]);
    expect(latencyText(found)).to.equal("nothing was predicted in the last 60 minutes");
    expect(latencyChart(found, 80)).to.equal(undefined);
  });

  for (const columns of [80, 50]) {
    it(`is drawn in ${columns} columns, with gaps where nothing was predicted`, async () => {
      const found = await latency([predicted(minutesAgo(60), 18), predicted(minutesAgo(1), 18)]);
      const lines = stripVTControlCharacters(latencyChart(found, columns)!).split("\n");
      for (const line of lines) expect(line.length, line).to.be.at.most(columns);
      expect(lines.filter((line) => /^ *\d+ ms[┤+][█#]+ {20,}[█#]+$/.test(line))).to.have.length(2);
      expect(lines.at(-1)).to.match(/^ +08:00 +08:/);
    });
  }

  it("is not drawn where there is no room", async () => {
    expect(latencyChart(await latency([predicted(minutesAgo(1), 18)]), 30)).to.equal(undefined);
  });

  it("names the permission when the log may not be read", async () => {
    const denied = Object.assign(new Error("no"), { name: "AccessDeniedException" });
    const client = new CloudWatchLogsClient({ region: "us-east-1" });
    mockClient(client).on(FilterLogEventsCommand).rejects(denied);
    const error = await readLatency(client, "/aws/lambda/predict", now).catch((reason: Error) => reason);
    expect((error as Error).message).to.include("logs:FilterLogEvents");
  });
});
