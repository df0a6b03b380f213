import { shiftWords } from "../../../handlers/shared/shift";
import { type Alarm, type Figure, type Monitor, type Reading } from "../sections";
import { Badge, Card } from "./card";
import { Spark } from "./spark";
import { ago, counted, figure } from "./words";

/** What the model monitor has found: drift of what is asked and answered, and the error by labels. */
export function MonitorCard({
  monitor,
  alarms,
  now,
}: {
  monitor: Reading<Monitor | null> | undefined;
  alarms: Alarm[];
  now: number;
}) {
  const own = alarms.filter(({ component }) => component === "monitor");
  return (
    <Card
      id="monitor"
      title="Model monitor"
      reading={monitor}
      aside={() => {
        const rings = own.some(({ state }) => state === "ALARM");
        return own.length > 0 && <Badge tone={rings ? "bad" : "good"}>{rings ? "alarm" : "no alarm"}</Badge>;
      }}
      show={(value) =>
        !value ? (
          <p class="muted">
            This stack captures no requests, so nothing is compared. <code>slipway:captureSharePercent</code>{" "}
            switches it on: docs/model-monitoring.md.
          </p>
        ) : !value.look ? (
          <p class="muted">It has not looked in the last 24 hours.</p>
        ) : (
          <Found monitor={value} look={value.look} alarms={own} now={now} />
        )
      }
    />
  );
}

function Found({
  monitor: { fewest, columns, prediction, error, errorUnit },
  look: { at, captured, labels },
  alarms,
  now,
}: {
  monitor: Monitor;
  look: NonNullable<Monitor["look"]>;
  alarms: Alarm[];
  now: number;
}) {
  const index = (value: number) => value.toFixed(2);
  const errorText = (value: number) =>
    errorUnit === null ? `${figure(100 * value)} %` : `${value.toFixed(2)} ${errorUnit}`;
  const rows = [
    ...columns.map((found) => ({ name: found.column!, found, metric: "FeatureDrift" })),
    ...(prediction ? [{ name: "the predictions", found: prediction, metric: "PredictionDrift" }] : []),
    ...(error ? [{ name: "error by labels", found: error, metric: "ModelError" }] : []),
  ];
  return (
    <>
      <p class="muted">
        Looked {ago(at, now)}: {counted(captured, "captured record")} of the last 24 hours,{" "}
        {counted(labels, "label")}
        {captured < fewest.records && `; too few records to tell a drift (${fewest.records})`}
        {labels > 0 && !error && `; too few labels to tell an error (${fewest.labels})`}.
      </p>
      {rows.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>what</th>
              <th>last 24 hours</th>
              <th>now</th>
              <th class="limits">alarm above</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, found, metric }) => (
              <Row
                key={name}
                name={name}
                found={found}
                limit={alarms.find((alarm) => alarm.metric === metric)?.threshold ?? null}
                text={found === error ? errorText : index}
                says={found === error ? "" : shiftWords(found.value)}
                now={now}
              />
            ))}
          </tbody>
        </table>
      )}
      {columns.length > 0 && (
        <p class="muted">
          Population stability index against the data that the release was made from, of the columns that have
          changed most.
        </p>
      )}
    </>
  );
}

function Row({
  name,
  found: { value, day },
  limit,
  text,
  says,
  now,
}: {
  name: string;
  found: Figure;
  /** Above which its alarm rings, if it has one. */
  limit: number | null;
  text: (value: number) => string;
  /** What the value means. */
  says: string;
  now: number;
}) {
  const values = day.map((point) => point.value);
  const range = [Math.min(...values), Math.max(...values)].map(text).join(" to ");
  return (
    <tr>
      <td>{name}</td>
      <td>
        <Spark points={day} limit={limit} now={now} summary={`${name} in the last 24 hours: ${range}`} />
      </td>
      <td class={limit !== null && value > limit ? "bad" : ""}>
        {text(value)} {says && <span class="muted">{says}</span>}
      </td>
      <td class="limits muted">{limit === null ? "no alarm" : text(limit)}</td>
    </tr>
  );
}
