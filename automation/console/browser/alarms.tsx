import { type Alarm, type Reading } from "../sections";
import { Badge, Card, toneOf } from "./card";
import { ago, words } from "./words";

/** The stack's alarms, those that ring first. */
export function AlarmsCard({ alarms, now }: { alarms: Reading<Alarm[]> | undefined; now: number }) {
  return (
    <Card
      id="alarms"
      title="Alarms"
      reading={alarms}
      aside={(value) => {
        const ringing = value.filter(({ state }) => state === "ALARM").length;
        return <Badge tone={ringing ? "bad" : "good"}>{ringing ? `${ringing} ringing` : "all quiet"}</Badge>;
      }}
      show={(value) => (
        <ul class="rows">
          {value.map(({ name, state, reason, since, description }) => (
            <li key={name}>
              <details>
                <summary>
                  <Badge tone={toneOf(state)}>
                    {state === "INSUFFICIENT_DATA" ? "no data" : words(state)}
                  </Badge>
                  <span>{name}</span>
                </summary>
                <p>{description}</p>
                <p class="muted">
                  {reason} {since ? `Since ${ago(since, now)}.` : ""}
                </p>
              </details>
            </li>
          ))}
        </ul>
      )}
    />
  );
}
