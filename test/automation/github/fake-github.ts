import { serve, type ServerType } from "@hono/node-server";
import { type Context, Hono } from "hono";
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
interface Reviewer {
  type: string;
  reviewer: { id: number };
}
interface Environment {
  policy: { protected_branches: boolean; custom_branch_policies: boolean } | null;
  reviewers: Reviewer[];
  branches: { id: number; name: string }[];
}

/** As much of GitHub's API as comments, issues, variables and environments take, with pages as GitHub makes them. */
export class FakeGitHub {
  readonly comments: Entry[] = [];
  readonly issues: Entry[] = [];
  readonly variables = new Map<string, string>();
  readonly environments = new Map<string, Environment>();
  /** What it answers instead, when it is to refuse. */
  refusal?: { status: 403 | 422 | 500; message: string };
  private readonly root: string;
  private server?: ServerType;
  private ids = 0;

  constructor(
    private readonly repository = "acme/slipway",
    private readonly token = "short-lived",
  ) {
    this.root = `/repos/${repository}`;
  }

  add(list: Entry[], body: string, more: Partial<Entry> = {}): Entry {
    const id = ++this.ids;
    const html_url = `https://github.com/${this.repository}/${id}`;
    const entry: Entry = { id, number: id, body, state: "open", labels: [], html_url, ...more };
    list.push(entry);
    return entry;
  }

  /** Lets a branch use an environment. */
  allow(name: string, branch: string): void {
    this.environments.get(name)!.branches.push({ id: ++this.ids, name: branch });
  }

  /** Listens. @returns the environment as GitHub Actions gives it. */
  async start(): Promise<Record<string, string>> {
    const app = new Hono();
    app.use(async (c, next) => {
      if (c.req.header("authorization") !== `token ${this.token}`)
        return c.json({ message: "Bad credentials" }, 401);
      if (this.refusal) return c.json({ message: this.refusal.message }, this.refusal.status);
      return next();
    });
    app.notFound((c) => c.json({ message: "Not Found" }, 404));
    this.serveIssues(app);
    this.serveVariables(app);
    this.serveEnvironments(app);
    const address = await new Promise<AddressInfo>((resolve) => {
      this.server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, resolve);
    });
    this.server?.unref(); // a test that fails before it can stop it must not wait for it
    return {
      GITHUB_TOKEN: this.token,
      GITHUB_REPOSITORY: this.repository,
      GITHUB_API_URL: `http://127.0.0.1:${address.port}`,
    };
  }

  stop(): void {
    this.server?.close();
  }

  private serveIssues(app: Hono): void {
    const repo = this.root;
    app.get(`${repo}/issues/:number/comments`, (c) => page(c, this.comments));
    app.post(`${repo}/issues/:number/comments`, async (c) => {
      const { body } = await c.req.json<{ body: string }>();
      if (body.length > 65_536) return c.json({ message: "Body is too long" }, 422);
      return c.json(this.add(this.comments, body), 201);
    });
    app.patch(`${repo}/issues/comments/:id`, async (c) => {
      const comment = this.comments.find(({ id }) => id === Number(c.req.param("id")))!;
      return c.json(Object.assign(comment, await c.req.json()));
    });
    app.get(`${repo}/issues`, (c) => {
      const { state, labels } = c.req.query();
      return page(
        c,
        this.issues.filter((issue) => issue.state === state && issue.labels.includes(labels!)),
      );
    });
    app.post(`${repo}/issues`, async (c) => {
      const { body, ...more } = await c.req.json<Entry>();
      return c.json(this.add(this.issues, body, more), 201);
    });
    app.patch(`${repo}/issues/:number`, async (c) => {
      const issue = this.issues.find(({ number }) => number === Number(c.req.param("number")))!;
      return c.json(Object.assign(issue, await c.req.json()));
    });
  }

  private serveVariables(app: Hono): void {
    const { variables } = this;
    const variable = `${this.root}/actions/variables`;
    app.get(`${variable}/:name`, (c) => {
      const value = variables.get(c.req.param("name"));
      return value === undefined ? c.notFound() : c.json({ name: c.req.param("name"), value });
    });
    app.post(variable, async (c) => {
      const { name, value } = await c.req.json<{ name: string; value: string }>();
      if (variables.has(name)) return c.json({ message: "Already exists" }, 409);
      variables.set(name, value);
      return c.json({}, 201);
    });
    app.patch(`${variable}/:name`, async (c) => {
      const { value } = await c.req.json<{ value: string }>();
      variables.set(c.req.param("name"), value);
      return c.body(null, 204);
    });
  }

  private serveEnvironments(app: Hono): void {
    const environment = `${this.root}/environments/:environment`;
    const policies = `${environment}/deployment-branch-policies`;
    const found = (c: Context) => this.environments.get(c.req.param("environment") ?? "");
    app.get(environment, (c) => {
      const it = found(c);
      if (!it) return c.notFound();
      const rules = it.reviewers.length ? [{ type: "required_reviewers", reviewers: it.reviewers }] : [];
      return c.json({ deployment_branch_policy: it.policy, protection_rules: rules });
    });
    app.put(environment, async (c) => {
      const { deployment_branch_policy: policy = null, reviewers = [] } = await c.req.json<{
        deployment_branch_policy?: Environment["policy"];
        reviewers?: { type: string; id: number }[];
      }>();
      this.environments.set(c.req.param("environment") ?? "", {
        policy,
        reviewers: reviewers.map(({ type, id }) => ({ type, reviewer: { id } })),
        branches: found(c)?.branches ?? [],
      });
      return c.json({});
    });
    app.get(policies, (c) => {
      const it = found(c);
      return it ? c.json({ total_count: it.branches.length, branch_policies: it.branches }) : c.notFound();
    });
    app.post(policies, async (c) => {
      this.allow(c.req.param("environment") ?? "", (await c.req.json<{ name: string }>()).name);
      return c.json({});
    });
    app.delete(`${policies}/:id`, (c) => {
      const it = found(c)!;
      it.branches = it.branches.filter(({ id }) => id !== Number(c.req.param("id")));
      return c.body(null, 204);
    });
  }
}

/** A fresh one for each test of a `describe`, which the environment names as in a workflow. */
export function eachWithGitHub(start: (github: FakeGitHub) => Promise<void>): void {
  const before = { ...process.env };
  let github: FakeGitHub;
  beforeEach(async () => {
    github = new FakeGitHub();
    Object.assign(process.env, await github.start());
    await start(github);
  });
  afterEach(() => {
    github.stop();
    process.env = { ...before };
  });
}

function page(c: Context, all: Entry[]) {
  const url = new URL(c.req.url);
  const size = Number(url.searchParams.get("per_page") ?? 30);
  const number = Number(url.searchParams.get("page") ?? 1);
  const entries = all.slice((number - 1) * size, number * size);
  url.searchParams.set("page", `${number + 1}`);
  const isLast = number * size >= all.length;
  return c.json(entries, 200, isLast ? {} : { link: `<${url.href}>; rel="next"` });
}
