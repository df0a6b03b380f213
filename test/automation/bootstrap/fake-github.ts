import { Hono } from "hono";

interface Reviewer {
  type: string;
  reviewer: { id: number };
}
interface Environment {
  policy: { protected_branches: boolean; custom_branch_policies: boolean } | null;
  reviewers: Reviewer[];
  branches: { id: number; name: string }[];
}

/** GitHub's REST API, as far as it has variables and environments of one repository. */
export class FakeGitHub {
  readonly variables = new Map<string, string>();
  readonly app = new Hono();
  private readonly environments = new Map<string, Environment>();
  private ids = 0;

  constructor(repository: string, token: string) {
    const { app, variables, environments } = this;
    const root = `/repos/${repository}`;
    app.use(async (c, next) => {
      if (c.req.header("authorization") !== `token ${token}`)
        return c.json({ message: "Bad credentials" }, 401);
      return next();
    });
    app.notFound((c) => c.json({ message: "Not Found" }, 404));
    app.get(`${root}/actions/variables/:name`, (c) => {
      const value = variables.get(c.req.param("name"));
      return value === undefined ? c.notFound() : c.json({ name: c.req.param("name"), value });
    });
    app.post(`${root}/actions/variables`, async (c) => {
      const { name, value } = await c.req.json<{ name: string; value: string }>();
      if (variables.has(name)) return c.json({ message: "Already exists" }, 409);
      variables.set(name, value);
      return c.json({}, 201);
    });
    app.patch(`${root}/actions/variables/:name`, async (c) => {
      const { value } = await c.req.json<{ value: string }>();
      variables.set(c.req.param("name"), value);
      return c.body(null, 204);
    });
    const environment = `${root}/environments/:environment`;
    const found = (name: string) => environments.get(name);
    app.get(environment, (c) => {
      const it = found(c.req.param("environment")!);
      if (!it) return c.notFound();
      const rules = it.reviewers.length ? [{ type: "required_reviewers", reviewers: it.reviewers }] : [];
      return c.json({ deployment_branch_policy: it.policy, protection_rules: rules });
    });
    app.put(environment, async (c) => {
      const name = c.req.param("environment")!;
      const body = await c.req.json<{
        deployment_branch_policy?: Environment["policy"];
        reviewers?: { type: string; id: number }[];
      }>();
      environments.set(name, {
        policy: body.deployment_branch_policy ?? null,
        reviewers: (body.reviewers ?? []).map(({ type, id }) => ({ type, reviewer: { id } })),
        branches: found(name)?.branches ?? [],
      });
      return c.json({});
    });
    const policies = `${environment}/deployment-branch-policies`;
    app.get(policies, (c) => {
      const it = found(c.req.param("environment")!);
      return it ? c.json({ total_count: it.branches.length, branch_policies: it.branches }) : c.notFound();
    });
    app.post(policies, async (c) => {
      const { name } = await c.req.json<{ name: string }>();
      this.allow(c.req.param("environment")!, name);
      return c.json({});
    });
    app.delete(`${policies}/:id`, (c) => {
      const it = found(c.req.param("environment")!)!;
      it.branches = it.branches.filter(({ id }) => id !== Number(c.req.param("id")));
      return c.body(null, 204);
    });
  }

  clear(): void {
    this.variables.clear();
    this.environments.clear();
  }

  /** An environment that every branch may use. */
  open(name: string, reviewers: Reviewer[] = []): void {
    this.environments.set(name, { policy: null, reviewers, branches: [] });
  }

  allow(environment: string, name: string): void {
    this.environments.get(environment)!.branches.push({ id: ++this.ids, name });
  }

  branches = (environment: string) => this.environments.get(environment)!.branches.map(({ name }) => name);

  reviewers = (environment: string) =>
    this.environments.get(environment)!.reviewers.map(({ type, reviewer }) => ({ type, id: reviewer.id }));
}
