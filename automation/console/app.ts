import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { streamSSE } from "hono/streaming";
import { errorLine } from "../errors";
import { predict, Refused } from "../prediction";
import { getText } from "../objects";
import { releasePrefix } from "../release/record";
import { type Assets } from "./assets";
import { isJobKind, readJobLogs } from "./readers/job-logs";
import { type Activity, type Reading, type SectionName } from "./sections";
import { type LookedAt } from "./sources";
import { type Watch } from "./watch";

const keepAliveMs = 15_000;
const mostRecordBytes = 64 * 1024;

/** The console as an HTTP application: the page, what it shows as server-sent events, logs and reports on demand. */
export function consoleApp(lookedAt: LookedAt, watch: Watch, assets: Assets): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    // A page of elsewhere may point a name of its own at 127.0.0.1.
    const { hostname } = new URL(c.req.url);
    if (!["127.0.0.1", "localhost"].includes(hostname))
      return c.text("The console answers on 127.0.0.1 only.", 403);
    await next();
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: pagePolicy,
      referrerPolicy: "no-referrer",
      strictTransportSecurity: false,
    }),
  );
  app.onError((error, c) => c.json({ message: errorLine(error) }, 500));

  app.get("/", (c) => c.html(assets.page));
  app.get("/console.js", (c) =>
    c.body(assets.script, 200, { "content-type": "text/javascript; charset=utf-8" }),
  );
  app.get("/console.css", (c) => c.body(assets.style, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get("/events", (c) => events(c, watch));

  app.get("/jobs/:kind/:name/logs", async (c) => {
    const { kind, name } = c.req.param();
    if (!isJobKind(kind)) return c.json({ message: `There are no ${kind} jobs.` }, 404);
    return c.json(await readJobLogs(await lookedAt.world(), kind, name));
  });
  app.get("/releases/:id/report", async (c) => {
    const { clients, outputs } = await lookedAt.world();
    const { id } = c.req.param();
    const report = await getText(clients.s3, outputs.dataBucket, `${releasePrefix(id)}report.html`);
    return report === undefined
      ? c.text(`The gate has written no report of release ${id}.`, 404)
      : c.html(report);
  });
  app.post("/predict", bodyLimit({ maxSize: mostRecordBytes }), async (c) => {
    // What other pages send has another origin, or another content type.
    const isOurs =
      c.req.header("content-type") === "application/json" && c.req.header("origin") === originOf(c);
    if (!lookedAt.target.laptop || !isOurs) return c.json({ message: "This console only looks." }, 403);
    const { outputs } = await lookedAt.world();
    try {
      return c.json(await predict(outputs, [await c.req.json<Record<string, unknown>>()]));
    } catch (error) {
      if (error instanceof Refused) return c.json({ message: error.message }, 422);
      if (error instanceof SyntaxError) return c.json({ message: `This is no JSON: ${error.message}` }, 422);
      throw error;
    }
  });
  return app;
}

const originOf = (c: Context) => new URL(c.req.url).origin;

const pagePolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  // The pictures and reports have style sheets inside.
  styleSrc: ["'self'", "'unsafe-inline'"],
  connectSrc: ["'self'"],
  imgSrc: ["'self'", "data:"],
  formAction: ["'none'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
};

/** Everything that is known, and then each change: `section` and `activity`, both as JSON. */
function events(c: Context, watch: Watch): Response {
  return streamSSE(c, async (stream) => {
    const send = (event: string, data: unknown) =>
      void stream.writeSSE({ event, data: JSON.stringify(data) });
    const section = (name: SectionName, reading: Reading) => send("section", { name, reading });
    const activity = (what: Activity) => send("activity", what);
    for (const name of Object.keys(watch.readings) as SectionName[]) section(name, watch.readings[name]!);
    watch.activities.forEach(activity);
    watch.on("section", section).on("activity", activity);
    stream.onAbort(() => void watch.off("section", section).off("activity", activity));
    while (!stream.aborted) {
      send("alive", new Date().toISOString());
      await stream.sleep(keepAliveMs);
    }
  });
}
