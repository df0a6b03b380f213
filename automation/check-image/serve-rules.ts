import pLimit from "p-limit";
import { throwIfInterrupted } from "../interrupt";
import { type Answer, connectionTime, type Question } from "./http";
import { fails, type Finding, holds, type Rule, Skipped } from "./rule";
import { servingPort } from "./serving";
import { type Trial } from "./trial";
import { endsWithin } from "./training";

const pings = 5;
const connections = 50;

/** Bodies that no server can make sense of, as application/json. */
const rubbish = ["", "{", '{"instances":', "[[[[[[", "\0\xff\xfe\x01", "NaN", '"\ud800"', "null"];

/** Rules about `serve`. */
export const serveRules: Rule[] = [
  {
    id: "port",
    part: "serve",
    title: `serve listens on port ${servingPort}`,
    why: "SageMaker asks no other port.",
    fix: `Listen on 0.0.0.0:${servingPort}, not on another port and not on 127.0.0.1 only.`,
    async check({ serving, limits }) {
      const { answeredAt, exitCode, lastWords } = (await serving.firstAttempts()).at(-1)!;
      if (answeredAt !== undefined) return holds(`it answers ${answeredAt.toFixed(1)} s after its start`);
      if (exitCode !== undefined)
        return fails(`serve ended by itself with exit code ${exitCode}; ${lastWords}`);
      return fails(`nothing answered there within ${limits.startSeconds} s of its start; ${lastWords}`);
    },
  },
  {
    id: "healthy-in-time",
    part: "serve",
    title: "GET /ping answers 200 in time after the start",
    why: "SageMaker gives up an instance that is not healthy 4 minutes after its start: the endpoint fails.",
    fix: "Load the model quicker (once, before workers start), and answer /ping by 200 when it is loaded.",
    async check({ serving, limits }) {
      const { healthyAt, answeredAt, lastStatus, exitCode, lastWords } = (await serving.firstAttempts()).at(
        -1,
      )!;
      if (healthyAt !== undefined) return holds(`${healthyAt.toFixed(1)} s after its start`);
      if (answeredAt === undefined) throw new Skipped(`nothing answers on port ${servingPort}`);
      const end =
        exitCode === undefined ? `${limits.startSeconds} s after its start` : `until it ended (${exitCode})`;
      return fails(`status ${lastStatus} ${end}; ${lastWords}`);
    },
  },
  {
    id: "read-only-model",
    part: "serve",
    title: "serve works with a read-only model folder",
    why: "SageMaker mounts /opt/ml/model read-only for serving.",
    fix: "Write caches and lock files to /tmp, never to /opt/ml/model.",
    async check({ serving }) {
      const [strict, writable] = await serving.firstAttempts();
      if (!writable) return holds("healthy with it");
      if (writable.healthyAt === undefined)
        throw new Skipped("serve does not get healthy with a writable one either");
      return fails(`healthy with a writable one only; with a read-only one, ${strict!.lastWords}`);
    },
  },
  {
    id: "ping-time",
    part: "serve",
    title: "GET /ping answers within 2 s",
    why: "An instance whose pings take longer is taken for unhealthy, and replaced.",
    fix: "Only say in /ping that the model is loaded; do not predict there.",
    async check({ serving, limits }) {
      const server = await serving.healthy();
      let slowest = 0;
      for (let i = 0; i < pings; i++) {
        const timeoutSeconds = 2.5 * limits.pingSeconds;
        try {
          const { status, seconds } = await serving.ask(server, {
            method: "GET",
            path: "/ping",
            timeoutSeconds,
          });
          if (status !== 200) return fails(`status ${status} when asked again`);
          slowest = Math.max(slowest, seconds);
        } catch (error) {
          return fails(problem(error));
        }
      }
      const detail = `the slowest of ${pings} took ${(slowest * 1000).toFixed(0)} ms`;
      return slowest <= limits.pingSeconds ? holds(detail) : fails(detail);
    },
  },
  {
    id: "accept-time",
    part: "serve",
    title: "connections are accepted within 250 ms",
    why: "SageMaker does not wait longer for a container to accept its connection.",
    fix: "Use a server that accepts in a thread or loop of its own, with a backlog of some hundreds.",
    async check({ serving, limits: { acceptMilliseconds } }) {
      const address = (await serving.healthy()).address!;
      if (address.proxied) throw new Skipped("here it is Docker's own proxy that accepts them");
      const times = await Promise.all(
        Array.from({ length: connections }, () => connectionTime(address, 4 * acceptMilliseconds)),
      );
      throwIfInterrupted();
      const late = times.filter((time = Infinity) => time > acceptMilliseconds).length;
      if (late) return fails(`${late} of ${connections} at once were not`);
      return holds(
        `the slowest of ${connections} at once took ${Math.max(...times.map(Number)).toFixed(1)} ms`,
      );
    },
  },
  {
    id: "invocations",
    part: "serve",
    title: "POST /invocations answers the request",
    why: "It is what an endpoint is for; SageMaker hands the answer on and gives up after 60 s.",
    fix: "See the answer; take the request's Content-Type, and answer by 200.",
    async check(trial) {
      const server = await trial.serving.healthy();
      try {
        const { status, body, seconds } = await trial.serving.ask(server, invocation(trial));
        const detail = `status ${status} in ${(seconds * 1000).toFixed(0)} ms`;
        return status >= 200 && status < 300 ? holds(detail) : fails(`${detail}: ${body.slice(0, 200)}`);
      } catch (error) {
        return error instanceof Skipped ? Promise.reject(error) : fails(problem(error));
      }
    },
  },
  {
    id: "load",
    part: "serve",
    title: "concurrent requests are all answered",
    why: "SageMaker sends requests as they come; resets and 5xx reach the callers as ModelError.",
    fix: "Use a server for production (not a framework's development server), and let requests wait in its queue.",
    check: underLoad,
  },
  {
    id: "payload",
    part: "serve",
    title: "a body of 6 MB is answered",
    why: "Anyone may send up to the payload limit: a crash takes the others' requests with it, a 5xx counts as an error.",
    fix: "Limit the body in every server of the chain (nginx, gunicorn) to 6 MB or more; answer 413 or 400 to the rest.",
    async check({ serving, limits, inputs }) {
      const server = await serving.healthy();
      const contentType = inputs.request?.contentType ?? "application/json";
      const body = Buffer.alloc(limits.payloadBytes, "a");
      const megabytes = `${(body.length / 1024 / 1024).toFixed(1)} MB of letters`;
      try {
        const timeoutSeconds = limits.invocationSeconds;
        const question = { method: "POST", path: "/invocations", body, contentType, timeoutSeconds } as const;
        const { status } = await serving.ask(server, question);
        if (status >= 500) return fails(`status ${status} to ${megabytes}`);
        if (await serving.ping(server)) return holds(`status ${status} to ${megabytes}`);
        return fails(`no longer healthy after ${megabytes}`);
      } catch (error) {
        return fails(`${problem(error)} (${megabytes})`);
      }
    },
  },
  {
    id: "rubbish",
    part: "serve",
    title: "serve stays healthy after rubbish",
    why: "One caller's mistake must not take the model away from the others.",
    fix: "Catch errors of a request in the request, and answer 400.",
    async check({ serving, limits }) {
      const server = await serving.healthy();
      const statuses = new Set<string>();
      for (const text of rubbish) {
        const body = Buffer.from(text, "latin1");
        const question = {
          method: "POST",
          path: "/invocations",
          contentType: "application/json",
          body,
        } as const;
        const answer = await serving
          .ask(server, { ...question, timeoutSeconds: limits.invocationSeconds })
          .catch((error: unknown) => (throwIfInterrupted(), new Error(problem(error))));
        statuses.add(answer instanceof Error ? answer.message : `status ${answer.status}`);
      }
      const seen = [...statuses].join(", ");
      if (server.exitCode !== undefined)
        return fails(`serve ended with exit code ${server.exitCode} (${seen})`);
      return (await serving.ping(server))
        ? holds(`answers: ${seen}`)
        : fails(`/ping is not answered by 200 (${seen})`);
    },
  },
  {
    id: "serve-sigterm",
    part: "serve",
    title: "serve ends in time after SIGTERM",
    why: "SageMaker sends SIGTERM, waits 30 s and kills: requests under way are cut off, and updates take longer.",
    fix: "Handle SIGTERM: answer what was accepted, then exit. Start the server with 'exec' in shell scripts.",
    async check({ docker, serving, limits }) {
      const { container } = await serving.healthy();
      const sentAt = performance.now();
      await docker.sendSigterm(container.id);
      const code = await endsWithin(container, limits.serveStopSeconds);
      if (code === undefined) return fails(`still running ${limits.serveStopSeconds} s after it`);
      return holds(`${((performance.now() - sentAt) / 1000).toFixed(1)} s after it, exit code ${code}`);
    },
  },
];

function invocation({ request, limits }: Trial): Question {
  return { method: "POST", path: "/invocations", ...request, timeoutSeconds: limits.invocationSeconds };
}

async function underLoad(trial: Trial): Promise<Finding> {
  const { serving, limits } = trial;
  const question = invocation(trial);
  const server = await serving.healthy();
  const answers = await burst(limits.loadRequests, limits.concurrent, () => serving.ask(server, question));
  const bad = answers.flatMap((answer) =>
    answer instanceof Error ? [problem(answer)] : answer.status >= 500 ? [`status ${answer.status}`] : [],
  );
  const what = `of ${answers.length} requests, ${limits.concurrent} at a time`;
  if (bad.length) return fails(`${bad.length} ${what}, had no good answer: ${[...new Set(bad)].join(", ")}`);
  if (!(await serving.ping(server))) return fails(`all ${what}, were answered, but /ping no longer is`);
  return holds(`none ${what}, had a 5xx or a reset`);
}

/** Calls `work` `count` times, `concurrent` at a time. */
function burst(count: number, concurrent: number, work: () => Promise<Answer>): Promise<(Answer | Error)[]> {
  const limit = pLimit(concurrent);
  const one = () => work().catch((error: unknown) => new Error(problem(error)));
  return Promise.all(Array.from({ length: count }, () => limit(one)));
}

function problem(error: unknown): string {
  throwIfInterrupted();
  return error instanceof Error ? error.message : String(error);
}
