import { serve, type ServerType } from "@hono/node-server";
import { Hono } from "hono";
import { type AddressInfo } from "node:net";

interface Entry {
  id: number;
  number: number;
  body: string;
  title?: string;
  state: "open" | "closed";
  labels: string[];
  html_url: string;
}

/** As much of GitHub's API as the comments and issues take, with pages as GitHub makes them. */
export class FakeGitHub {
  readonly comments: Entry[] = [];
  readonly issues: Entry[] = [];
  /** `Authorization` of each request. */
  readonly tokens: string[] = [];
  /** What it answers instead, when it is to refuse. */
  refusal?: { status: 403 | 422 | 500; message: string };
  private server?: ServerType;
  private ids = 0;

  add(list: Entry[], body: string, more: Partial<Entry> = {}): Entry {
    const id = ++this.ids;
    const html_url = `https://github.com/acme/slipway/${id}`;
    const entry: Entry = { id, number: id, body, state: "open", labels: [], html_url, ...more };
    list.push(entry);
    return entry;
  }

  /** Environment as GitHub Actions gives it. */
  async start(): Promise<Record<string, string>> {
    const app = new Hono();
    const repo = "/repos/acme/slipway";
    app.use(async (context, next) => {
      this.tokens.push(context.req.header("authorization") ?? "");
      if (this.refusal) return context.json({ message: this.refusal.message }, this.refusal.status);
      await next();
    });
    const page = (url: string, all: Entry[]) => {
      const { searchParams } = new URL(url);
      const size = Number(searchParams.get("per_page") ?? 30);
      const number = Number(searchParams.get("page") ?? 1);
      const next = new URL(url);
      next.searchParams.set("page", `${number + 1}`);
      const link: Record<string, string> =
        number * size < all.length ? { link: `<${next.href}>; rel="next"` } : {};
      return { entries: all.slice((number - 1) * size, number * size), link };
    };
    app.get(`${repo}/issues/:number/comments`, (context) => {
      const { entries, link } = page(context.req.url, this.comments);
      return context.json(entries, 200, link);
    });
    app.post(`${repo}/issues/:number/comments`, async (context) => {
      const { body } = await context.req.json<{ body: string }>();
      if (body.length > 65_536) return context.json({ message: "Body is too long" }, 422);
      return context.json(this.add(this.comments, body), 201);
    });
    app.patch(`${repo}/issues/comments/:id`, async (context) => {
      const comment = this.comments.find(({ id }) => id === Number(context.req.param("id")))!;
      return context.json(Object.assign(comment, await context.req.json()));
    });
    app.get(`${repo}/issues`, (context) => {
      const { state, labels } = context.req.query();
      const found = this.issues.filter((issue) => issue.state === state && issue.labels.includes(labels!));
      const { entries, link } = page(context.req.url, found);
      return context.json(entries, 200, link);
    });
    app.post(`${repo}/issues`, async (context) => {
      const { body, ...more } = await context.req.json<Entry>();
      return context.json(this.add(this.issues, body, more), 201);
    });
    app.patch(`${repo}/issues/:number`, async (context) => {
      const issue = this.issues.find(({ number }) => number === Number(context.req.param("number")))!;
      return context.json(Object.assign(issue, await context.req.json()));
    });
    const address = await new Promise<AddressInfo>((resolve) => {
      this.server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, resolve);
    });
    return {
      GITHUB_TOKEN: "short-lived",
      GITHUB_REPOSITORY: "acme/slipway",
      GITHUB_API_URL: `http://127.0.0.1:${address.port}`,
    };
  }

  stop(): void {
    this.server?.close();
  }
}
