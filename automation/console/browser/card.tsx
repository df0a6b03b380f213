import { type ComponentChildren } from "preact";
import { type Reading } from "../sections";

/** A part of the page: its title, and what `show` makes of the section as it was read last. */
export function Card<T>({
  id,
  title,
  reading,
  aside,
  show,
}: {
  id: string;
  title: string;
  reading: Reading<T> | undefined;
  /** Beside the title. */
  aside?: (value: T) => ComponentChildren;
  show: (value: T) => ComponentChildren;
}) {
  return (
    <section class="card" id={id} aria-labelledby={`${id}-title`}>
      <div class="head">
        <h2 id={`${id}-title`}>{title}</h2>
        {reading && "value" in reading && aside && <span class="aside">{aside(reading.value)}</span>}
      </div>
      {!reading ? (
        <p class="muted">Looking …</p>
      ) : "fault" in reading ? (
        <p class="fault">{reading.fault}</p>
      ) : (
        show(reading.value)
      )}
    </section>
  );
}

/** A section's value, if it could be read. */
export const valueOf = <T,>(reading: Reading<T> | undefined): T | undefined =>
  reading && "value" in reading ? reading.value : undefined;

/** A word with a colour that says the same. */
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export type Tone = "plain" | "good" | "bad" | "busy";

/** Of a state of SageMaker, CloudWatch or a release. */
export function toneOf(state: string): Tone {
  if (["Completed", "InService", "OK", "served", "accepted"].includes(state)) return "good";
  if (["InProgress", "Creating", "Updating", "Stopping", "pending"].includes(state)) return "busy";
  if (["Failed", "ALARM", "rejected", "RollingBack", "UpdateRollbackFailed"].includes(state)) return "bad";
  return "plain";
}
