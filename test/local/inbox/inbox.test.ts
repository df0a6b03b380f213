import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { expect } from "chai";
import { inboxApp } from "../../../local/inbox/app";
import { confirmSubscription, listEmails, waitForEmail } from "../../../local/inbox/client";
import { type Delivery, type Email } from "../../../local/inbox/email";
import { EmailStore } from "../../../local/inbox/store";

const delivery = (changes: Partial<Delivery> = {}): Delivery => ({
  to: "ann@example.com",
  subject: "Release deployed",
  body: "All is well.",
  topicArn: "arn:aws:sns:us-east-1:000000000000:results",
  messageId: "m-1",
  timestamp: "2026-11-24T08:00:00.000Z",
  attributes: { kind: "release.deployed", severity: "info" },
  ...changes,
});

describe("inbox", () => {
  let home: string;
  let store: EmailStore;
  let app: ReturnType<typeof inboxApp>;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "slipway-inbox-"));
    store = new EmailStore(home);
    app = inboxApp(store);
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const post = (body: unknown, contentType = "application/json") =>
    app.request("/deliveries", {
      method: "POST",
      body: typeof body === "string" ? body : JSON.stringify(body),
      headers: { "content-type": contentType },
    });
  const emails = async (query = "") => (await (await app.request(`/emails${query}`)).json()) as Email[];

  describe("deliveries", () => {
    it("keeps an email, in memory and as one file", async () => {
      const answer = await post(delivery());
      expect(answer.status).to.equal(201);
      const { id } = (await answer.json()) as { id: string };
      expect(await (await app.request(`/emails/${id}`)).json()).to.deep.include(delivery());
      expect(readdirSync(home)).to.deep.equal([`${id}.json`]);
    });

    it("keeps the same message to the same address once, and to another address too", async () => {
      await post(delivery());
      expect((await post(delivery())).status).to.equal(200);
      await post(delivery({ to: "bob@example.com" }));
      expect((await emails()).map(({ to }) => to)).to.deep.equal(["bob@example.com", "ann@example.com"]);
    });

    it("has everything, in the same order, after a restart", async () => {
      for (let n = 0; n < 20; n++) await post(delivery({ messageId: `m-${n}`, subject: `${n}` }));
      const again = new EmailStore(home);
      expect(again.list()).to.deep.equal(store.list());
      expect(again.list().map(({ subject }) => subject)).to.deep.equal(
        [...Array(20).keys()].reverse().map(String),
      );
    });

    it("skips a file that is no email when it starts, and keeps it", () => {
      writeFileSync(join(home, "torn.json"), "{");
      expect(new EmailStore(home).list()).to.be.empty;
      expect(readdirSync(home)).to.include("torn.json");
    });

    it("refuses what is no email, and says which fields are wrong", async () => {
      const answer = await post({ ...delivery(), to: "", subject: 1, body: undefined });
      expect(answer.status).to.equal(400);
      const { message } = (await answer.json()) as { message: string };
      expect(message).to.contain("email/to").and.contain("email/subject").and.contain("'body'");
      expect((await post("{")).status).to.equal(400);
      expect(await emails()).to.be.empty;
    });

    it("refuses a link that is not http", async () => {
      expect((await post(delivery({ confirmationUrl: "javascript:alert(1)" }))).status).to.equal(400);
    });

    it("refuses an email larger than SNS allows", async () => {
      expect((await post(delivery({ body: "x".repeat(2 * 1024 * 1024) }))).status).to.equal(413);
    });

    it("answers 500 and keeps nothing when the disk fails, so that SNS tries again", async () => {
      rmSync(home, { recursive: true });
      expect((await post(delivery())).status).to.equal(500);
      expect(await emails()).to.be.empty;
    });
  });

  describe("GET /emails", () => {
    beforeEach(async () => {
      await post(delivery({ messageId: "1", subject: "Release deployed" }));
      await post(
        delivery({ messageId: "2", subject: "Alarm: latency", to: "bob@example.com", body: "320 ms" }),
      );
    });

    it("filters by address, subject and text, in any case", async () => {
      const subjects = async (query: string) => (await emails(query)).map(({ subject }) => subject);
      expect(await subjects("?to=BOB@example.com")).to.deep.equal(["Alarm: latency"]);
      expect(await subjects("?to=bob")).to.be.empty;
      expect(await subjects("?subject=release")).to.deep.equal(["Release deployed"]);
      expect(await subjects("?text=320")).to.deep.equal(["Alarm: latency"]);
    });

    it("filters by when they were received", async () => {
      const [newest] = await emails();
      expect(await emails(`?since=${newest?.receivedAt}`)).to.deep.equal([newest]);
      expect((await app.request("/emails?since=yesterday")).status).to.equal(400);
    });

    it("answers 404 for an email that is not there", async () => {
      expect((await app.request("/emails/nope")).status).to.equal(404);
    });
  });

  describe("the page", () => {
    it("shows the list, and the email that is open, escaped", async () => {
      const evil = `<script>alert("1")</script>`;
      await post(
        delivery({
          subject: evil,
          body: `${evil} see https://example.com/a?b=1&c=2.`,
          attributes: { kind: evil },
        }),
      );
      const [email] = store.list();
      for (const path of ["/", `/read/${email?.id}`]) {
        const answer = await app.request(path);
        const text = await answer.text();
        expect(answer.status).to.equal(200);
        expect(text).to.contain("&lt;script&gt;").and.not.contain("<script>alert");
        expect(answer.headers.get("content-security-policy"))
          .to.contain("default-src 'none'")
          .and.not.contain("unsafe");
      }
      const text = await (await app.request(`/read/${email?.id}`)).text();
      expect(text).to.match(/<a\s+href="https:\/\/example\.com\/a\?b=1&amp;c=2"/);
    });

    it("offers the link of a subscription confirmation", async () => {
      await post(delivery({ confirmationUrl: "http://127.0.0.1:1/confirm?a=1" }));
      const text = await (await app.request(`/read/${store.list()[0]?.id}`)).text();
      expect(text).to.contain("Confirm subscription").and.contain(`href="http://127.0.0.1:1/confirm?a=1"`);
    });

    it("searches, and keeps the search while reading", async () => {
      await post(delivery({ messageId: "1", subject: "One" }));
      await post(delivery({ messageId: "2", subject: "Two" }));
      const text = await (await app.request(`/?text=two`)).text();
      expect(text).to.contain("1 email with “two”").and.not.contain(">One<");
      expect(text).to.match(/href="\/read\/\w+\?text=two"/);
    });

    it("has its own script and style, and says so when an email is not there", async () => {
      expect((await app.request("/inbox.css")).headers.get("content-type")).to.contain("text/css");
      expect((await app.request("/inbox.mjs")).headers.get("content-type")).to.contain("text/javascript");
      expect((await app.request("/read/nope")).status).to.equal(404);
    });
  });

  describe("over HTTP", () => {
    let server: Server;
    let url: string;
    beforeEach(async () => {
      await new Promise<void>((resolve) => {
        server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
          url = `http://127.0.0.1:${port}`;
          resolve();
        }) as Server;
      });
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    it("tells open pages of a new email", async () => {
      const leave = new AbortController();
      const answer = await fetch(`${url}/events`, { signal: leave.signal });
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      let heard = "";
      while (!heard.includes("event: alive")) heard += (await reader?.read())?.value ?? "";
      const { email } = store.store(delivery());
      while (!heard.includes(email.id)) heard += (await reader?.read())?.value ?? "";
      expect(heard).to.match(/event: email\ndata: \w+/);
      expect(store.listenerCount("stored")).to.equal(1);
      leave.abort();
      while (store.listenerCount("stored")) await sleep(5);
    });

    it("lists for a program", async () => {
      store.store(delivery({ messageId: "1", subject: "One" }));
      const { email } = store.store(delivery({ messageId: "2", subject: "Two & more" }));
      expect(await listEmails(url, { subject: "two &" })).to.deep.equal([email]);
      expect(
        await listEmails(url, { since: new Date(email.receivedAt), to: "ann@example.com" }),
      ).to.deep.equal([email]);
    });

    it("waits for an email", async () => {
      const waiting = waitForEmail(url, ({ subject }) => subject === "Late", 5000);
      await sleep(20);
      store.store(delivery({ messageId: "1", subject: "Other" }));
      const { email } = store.store(delivery({ messageId: "2", subject: "Late" }));
      expect(await waiting).to.deep.equal(email);
    });

    it("stops waiting after the time, and when asked to", async () => {
      const late = await failure(waitForEmail(url, () => false, 50));
      expect(late.message).to.contain("did not come within 0.05 s").and.contain(url);
      expect((await failure(waitForEmail(url, () => false, 5000, AbortSignal.timeout(50)))).name).to.match(
        /Abort|Timeout/,
      );
    });

    it("confirms a subscription by its link, and says so when the link is refused", async () => {
      const asked: (string | undefined)[] = [];
      const cloud = createServer((request, response) => {
        asked.push(request.url);
        response.writeHead(request.url === "/good" ? 200 : 404).end();
      });
      await new Promise<void>((resolve) => cloud.listen(0, "127.0.0.1", resolve));
      const base = `http://127.0.0.1:${(cloud.address() as { port: number }).port}`;
      const email = (path: string) =>
        store.store(delivery({ messageId: path, confirmationUrl: base + path })).email;
      await confirmSubscription(email("/good"));
      expect((await failure(confirmSubscription(email("/bad")))).message).to.contain("HTTP 404");
      expect(asked).to.deep.equal(["/good", "/bad"]);
      cloud.close();
    });
  });

  it("says in one sentence that nothing answers", async () => {
    expect((await failure(listEmails("http://127.0.0.1:1"))).message).to.contain("slipway local status");
  });
});

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (error: Error) => error,
  );
}
