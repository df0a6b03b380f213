import { type Endpoint, type Reading, type Traffic, type Variant } from "../sections";
import { Badge, Card, toneOf, valueOf } from "./card";
import { Chart } from "./chart";
import { ago, counted, figure, words } from "./words";

/** What serves, who takes over, and how the requests of the last minutes went. */
export function EndpointCard({
  endpoint,
  traffic,
  now,
}: {
  endpoint: Reading<Endpoint | null> | undefined;
  traffic: Reading<Traffic> | undefined;
  now: number;
}) {
  return (
    <Card
      id="endpoint"
      title="Endpoint"
      reading={endpoint}
      aside={(value) => value && <Badge tone={toneOf(value.status)}>{words(value.status)}</Badge>}
      show={(value) => (
        <>
          {value ? (
            <Described endpoint={value} traffic={valueOf(traffic)} now={now} />
          ) : (
            <p class="muted">
              There is none yet: it comes with the first release. Until then the URL answers 503.
            </p>
          )}
          {traffic &&
            ("value" in traffic ? (
              <Requests traffic={traffic.value} />
            ) : (
              <p class="fault">{traffic.fault}</p>
            ))}
        </>
      )}
    />
  );
}

function Described({
  endpoint,
  traffic,
  now,
}: {
  endpoint: Endpoint;
  traffic: Traffic | undefined;
  now: number;
}) {
  const { deployment, failure, since } = endpoint;
  const all = Object.values(traffic?.releases ?? {}).reduce((sum, each) => sum + each, 0);
  return (
    <>
      {deployment && (
        <p class="notice">
          Release <code>{deployment.release}</code> is being deployed, since {ago(deployment.startedAt, now)}
          {deployment.failure ? `; it is taken back: ${deployment.failure}` : "."}
        </p>
      )}
      {failure && <p class="fault">{failure}</p>}
      <table class="fleets">
        <thead>
          <tr>
            <th>release</th>
            <th>is</th>
            <th>runs</th>
            <th>in the last minute</th>
          </tr>
        </thead>
        <tbody>
          {endpoint.variants.map((variant) => (
            <tr key={variant.role + variant.name}>
              <td>
                <code>{variant.release}</code>
              </td>
              <td>{variant.role}</td>
              <td>{variant.instances === null ? "serverless" : counted(variant.instances, "instance")}</td>
              <td>
                <Share variant={variant} answered={traffic?.releases[variant.release] ?? 0} all={all} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {since && <p class="muted">Last changed {ago(since, now)}.</p>}
    </>
  );
}

function Share({ variant, answered, all }: { variant: Variant; answered: number; all: number }) {
  if (variant.role === "shadow") return <span class="muted">gets copies, answers nobody</span>;
  if (all === 0) return <span class="muted">no requests</span>;
  const percent = (100 * answered) / all;
  return (
    <span class="share">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="8" rx="2" />
        <rect
          class={variant.role === "taking over" ? "coming" : "serving"}
          width={percent}
          height="8"
          rx="2"
        />
      </svg>
      {figure(Math.round(percent))} % of {counted(all, "request")}
    </span>
  );
}

function Requests({ traffic: { spans, seconds } }: { traffic: Traffic }) {
  const sum = (of: "answered" | "refused" | "failed") => spans.reduce((all, span) => all + span[of], 0);
  const [answered, refused, failed] = [sum("answered"), sum("refused"), sum("failed")];
  // The span that goes on now is not whole.
  const whole = spans.slice(0, -1);
  const times = whole.map(({ at }) => at);
  const rate = (of: "answered" | "refused" | "failed") => whole.map((span) => span[of] / seconds);
  const minutes = (spans.length * seconds) / 60;
  const summary = `${counted(answered, "request")} answered, ${refused} refused, ${failed} failed in ${minutes} minutes`;
  if (answered + refused + failed === 0)
    return <p class="muted">No requests in the last {minutes} minutes.</p>;
  const latest = [...spans].reverse().find(({ p50 }) => p50 !== null);
  return (
    <div class="charts">
      <div>
        <h3>Requests</h3>
        <p class="muted">{summary}.</p>
        <Chart
          times={times}
          unit="/s"
          summary={summary}
          lines={[
            { label: "answered", tone: "main", values: rate("answered") },
            { label: "refused", tone: "warn", values: rate("refused") },
            { label: "failed", tone: "bad", values: rate("failed") },
          ]}
        />
      </div>
      <div>
        <h3>Latency of the predict function</h3>
        <p class="muted">
          {latest
            ? `Now half within ${figure(latest.p50!)} ms, 95 of 100 within ${figure(latest.p95!)} ms.`
            : "None answered."}
        </p>
        <Chart
          times={times}
          unit="ms"
          summary={latest ? `half within ${latest.p50} ms, 95 of 100 within ${latest.p95} ms` : "no answers"}
          lines={[
            { label: "half within", tone: "main", values: whole.map(({ p50 }) => p50) },
            { label: "95 of 100 within", tone: "second", values: whole.map(({ p95 }) => p95) },
          ]}
        />
      </div>
    </div>
  );
}
