import { expect } from "chai";
import { consoleApp } from "../../../automation/console/app";
import { buildAssets } from "../../../automation/console/assets";
import { LookedAt } from "../../../automation/console/sources";
import { type Sources, Watch } from "../../../automation/console/watch";
import { createOutput } from "../../../automation/output";
import { type Target } from "../../../automation/target";

describe("the console's server", () => {
  const target = {
    environment: {},
    clientConfig: () => ({}),
    pollSeconds: 1,
    propagationSeconds: 1,
  } as Target;
  const watch = new Watch({} as Sources);
  const assets = buildAssets("dev");
  const app = consoleApp(new LookedAt("dev", target, createOutput(true)), watch, assets);
  const ask = (path: string, init: RequestInit = {}, host = "127.0.0.1:4000") =>
    app.request(`http://${host}${path}`, init);

  it("serves a page that is small, and loads nothing from elsewhere", async () => {
    const page = await ask("/");
    expect(page.status).to.equal(200);
    expect(page.headers.get("content-security-policy"))
      .to.include("default-src 'none'")
      .and.include("script-src 'self'");
    const bytes = [assets.page, assets.script, assets.style].reduce(
      (sum, text) => sum + Buffer.byteLength(text),
      0,
    );
    expect(bytes).to.be.at.most(200 * 1024);
    expect(assets.page + assets.style).to.not.match(/https?:\/\//);
  });

  it("answers under its own address only", async () => {
    expect((await ask("/", {}, "attacker.example:4000")).status).to.equal(403);
    expect((await ask("/", {}, "localhost:4000")).status).to.equal(200);
  });

  it("sends nothing to a stack in AWS, nor for other pages", async () => {
    const json = { "content-type": "application/json" };
    const ours = { ...json, origin: "http://127.0.0.1:4000" };
    for (const headers of [ours, json, { ...json, origin: "http://127.0.0.1:9999" }]) {
      const answer = await ask("/predict", { method: "POST", headers, body: "{}" });
      expect(answer.status).to.equal(403);
      expect(await answer.json()).to.deep.equal({ message: "This console only looks." });
    }
  });

  it("tells a page all that is known, and then each change", async () => {
    watch.readings.cost = { value: { monthly: 1, components: [] } };
    const { body } = await ask("/events");
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (wanted: string) => {
      while (!text.includes(wanted)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the server has ended after ${text}`);
        text += value;
      }
    };
    await until('event: section\ndata: {"name":"cost","reading":{"value":{"monthly":1');
    watch.emit("activity", {
      id: 7,
      at: "2026-01-31T12:00:00.000Z",
      components: ["data"],
      text: "landed",
      tone: "plain",
    });
    await until('event: activity\ndata: {"id":7');
    await reader.cancel();
  });

  it("knows no kinds of jobs but SageMaker's", async () => {
    expect((await ask("/jobs/constructor/x/logs")).status).to.equal(404);
  });
});
