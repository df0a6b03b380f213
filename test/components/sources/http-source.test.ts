import { expect } from "chai";
import { HttpSource, type HttpSettings } from "../../../components/sources/http-source";
import { declare, failure, only } from "../mocks";
import { common } from "./s3-source.test";

const source = (settings: Omit<HttpSettings, "kind">) =>
  declare(
    () => void new HttpSource("tlc", { ...common(), source: "tlc", settings: { kind: "http", ...settings } }),
  );

describe("HttpSource", () => {
  it("runs every day unless it is told otherwise, with its settings", async () => {
    const declared = await source({ url: "https://example.com/trips.csv", maxMegabytes: 9 });
    expect(only(declared, "Schedule").scheduleExpression).to.equal("rate(1 day)");
    const { variables } = only(declared, "Function", "tlc-ingest-function").environment as {
      variables: Record<string, string>;
    };
    expect(JSON.parse(variables.SETTINGS ?? "")).to.deep.equal({
      ...{ url: "https://example.com/trips.csv", maxMegabytes: 9 },
    });
    const own = await source({
      url: "http://127.0.0.1:9/t.csv",
      schedule: "cron(0 6 * * ? *)",
      format: "csv",
    });
    expect(only(own, "Schedule").scheduleExpression).to.equal("cron(0 6 * * ? *)");
  });

  it("names a bad property, its value and the fix, and no password", async () => {
    const bad = (settings: Partial<HttpSettings>) =>
      failure(() => source({ url: "https://example.com/", ...settings }));
    for (const url of [
      "example.com",
      "http://example.com/a.csv",
      "ftp://127.0.0.1/",
      "http://169.254.169.254/",
    ]) {
      expect(await bad({ url })).to.contain(`url is "${url}": give a URL that begins with https://`);
    }
    const secret = await bad({ url: "https://ann:pa55@example.com/" });
    expect(secret).to.match(/^url is "https:\/\/...@example.com": leave user and password out/);
    expect(await bad({ maxMegabytes: 1.5 })).to.match(/^maxMegabytes is 1\.5/);
    expect(await bad({ format: "xml" as "csv" })).to.match(
      /^format is "xml": write one of csv, jsonl, parquet/,
    );
  });
});
