import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { streamSSE } from "hono/streaming";
import { parseDelivery } from "./email";
import { page } from "./page";
import { type EmailFilter, type EmailStore } from "./store";

const maxDeliveryBytes = 1024 * 1024; // SNS allows 256 KiB of text; JSON may escape much of it
const keepAliveMs = 15_000;

/** The inbox as an HTTP application: deliveries in, emails out as JSON and as a page. */
export function inboxApp(store: EmailStore): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: pagePolicy,
      referrerPolicy: "no-referrer",
      strictTransportSecurity: false,
    }),
  );
  app.onError((error, c) => {
    console.error(error.message);
    return c.json({ message: `The inbox could not do this: ${error.message}` }, 500);
  });

  app.get("/_slipway/health", (c) => c.json({ status: "ok", emails: store.list().length }));

  app.post("/deliveries", bodyLimit({ maxSize: maxDeliveryBytes, onError: tooLarge }), async (c) => {
    try {
      const delivery = parseDelivery(await c.req.json());
      const { email, isNew } = store.store(delivery);
      return c.json({ id: email.id }, isNew ? 201 : 200);
    } catch (error) {
      // A full disk is not the sender's fault: it answers 500 and SNS tries again.
      if ((error as NodeJS.ErrnoException).code) throw error;
      return c.json({ message: (error as Error).message }, 400);
    }
  });

  app.get("/emails", (c) => {
    const filter = filterOf(c);
    return filter ? c.json(store.list(filter)) : c.json({ message: badSince(c) }, 400);
  });
  app.get("/emails/:id", (c) => {
    const email = store.get(c.req.param("id"));
    return email ? c.json(email) : c.json({ message: `There is no email ${c.req.param("id")}.` }, 404);
  });

  app.get("/", (c) =>
    c.html(page(store.list({ text: c.req.query("text") }), undefined, c.req.query("text"))),
  );
  app.get("/read/:id", (c) => {
    const text = c.req.query("text");
    const open = store.get(c.req.param("id"));
    return c.html(page(store.list({ text }), open ?? "missing", text), open ? 200 : 404);
  });
  app.get("/events", (c) => events(c, store));
  app.get("/inbox.css", (c) => c.body(css, 200, { "content-type": "text/css; charset=utf-8" }));
  app.get("/inbox.mjs", (c) => c.body(script, 200, { "content-type": "text/javascript; charset=utf-8" }));
  return app;
}

const css = readFileSync(join(__dirname, "inbox.css"), "utf8");
const script = readFileSync(join(__dirname, "inbox.mjs"), "utf8");

const pagePolicy = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  connectSrc: ["'self'"],
  imgSrc: ["data:"], // the empty icon
  formAction: ["'self'"],
  baseUri: ["'none'"],
  frameAncestors: ["'none'"],
};

/** The query's filter, or undefined when `since` is no moment. */
function filterOf(c: Context): EmailFilter | undefined {
  const { to, since, subject, text } = c.req.query();
  const moment = since ? new Date(since) : undefined;
  if (moment && Number.isNaN(moment.getTime())) return undefined;
  return { to, since: moment, subject, text };
}

const tooLarge = (c: Context) => c.json({ message: `An email may have ${maxDeliveryBytes} bytes.` }, 413);

const badSince = (c: Context) =>
  `'since' is '${c.req.query("since")}'. Give a moment as ISO 8601, such as 2026-01-31T12:00:00Z.`;

/** Server-sent events: `email` with the id of each new one, for pages that stay open. */
function events(c: Context, store: EmailStore): Response {
  return streamSSE(c, async (stream) => {
    const tell = ({ id }: { id: string }) => void stream.writeSSE({ event: "email", data: id });
    store.on("stored", tell);
    stream.onAbort(() => void store.off("stored", tell));
    while (!stream.aborted) {
      await stream.writeSSE({ event: "alive", data: "" });
      await stream.sleep(keepAliveMs);
    }
  });
}
