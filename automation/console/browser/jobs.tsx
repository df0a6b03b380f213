import { useEffect, useState } from "preact/hooks";
import { type Job, type Reading } from "../sections";
import { Badge, Card, toneOf } from "./card";
import { ago, duration, figure, words } from "./words";

const titles: Record<Job["kind"], string> = {
  processing: "processing",
  training: "training",
  transform: "batch transform",
};

/** The newest jobs; each opens to its metrics and its log. */
export function JobsCard({ jobs, now }: { jobs: Reading<Job[]> | undefined; now: number }) {
  return (
    <Card
      id="jobs"
      title="Jobs"
      reading={jobs}
      show={(value) =>
        value.length === 0 ? (
          <p class="muted">No jobs yet. A release processes the data and trains.</p>
        ) : (
          <ul class="rows">
            {value.map((job) => (
              <Row key={job.name} job={job} now={now} />
            ))}
          </ul>
        )
      }
    />
  );
}

function Row({ job, now }: { job: Job; now: number }) {
  const [open, setOpen] = useState(false);
  const took = Date.parse(job.endedAt ?? new Date(now).toISOString()) - Date.parse(job.createdAt);
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <Badge tone={toneOf(job.status)}>{words(job.status)}</Badge>
          <b>{titles[job.kind]}</b>
          <span class="muted">
            {job.status === "InProgress" && job.detail ? `${words(job.detail)}, ` : ""}
            {duration(took)}, {ago(job.createdAt, now)}
          </span>
        </summary>
        <p>
          <code>{job.name}</code>
        </p>
        {job.status === "Failed" && <p class="fault">{job.detail}</p>}
        <Metrics metrics={job.metrics} />
        {open && <Log job={job} />}
      </details>
    </li>
  );
}

function Metrics({ metrics }: { metrics: Record<string, number> }) {
  const entries = Object.entries(metrics);
  if (entries.length === 0) return null;
  return (
    <dl class="metrics">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{figure(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

const refreshMs = 1_500;

/** What the job writes; while it goes on, again and again. */
function Log({ job: { kind, name, status } }: { job: Job }) {
  const [lines, setLines] = useState<string[] | string>("Reading the log …");
  useEffect(() => {
    let ended = false;
    const read = async () => {
      const answer = await fetch(`/jobs/${kind}/${encodeURIComponent(name)}/logs`).catch(() => undefined);
      if (ended) return;
      if (!answer) return setLines("The console's server does not answer.");
      const body = (await answer.json()) as string[] | { message: string };
      setLines(Array.isArray(body) ? body : body.message);
    };
    void read();
    const timer = status === "InProgress" ? setInterval(() => void read(), refreshMs) : undefined;
    return () => {
      ended = true;
      clearInterval(timer);
    };
  }, [name, status]);
  if (typeof lines === "string") return <p class="muted">{lines}</p>;
  return (
    <pre class="log" tabIndex={0} aria-label={`Log of ${name}`}>
      {lines.length > 0 ? lines.join("\n") : "It has written nothing yet."}
    </pre>
  );
}
