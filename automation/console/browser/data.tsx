import { hasChanged } from "../../../handlers/shared/shift";
import { type DataSection, type Reading, type SnapshotRow } from "../sections";
import { Badge, Card } from "./card";
import { ago, bytes, count, counted, figure } from "./words";

/** What has landed, what was frozen of it, what was set aside, and whether it has shifted. */
export function DataCard({ data, now }: { data: Reading<DataSection> | undefined; now: number }) {
  return (
    <Card
      id="data"
      title="Data"
      reading={data}
      show={({ sources, snapshots, shift }) => (
        <>
          <h3>Landed</h3>
          {sources.length === 0 ? (
            <p class="muted">Nothing yet.</p>
          ) : (
            <ul class="rows">
              {sources.map(({ name, objects, bytes: size, newest }) => (
                <li key={name}>
                  <b>{name}</b>{" "}
                  <span class="muted">
                    {counted(objects, "object")}, {bytes(size)}
                    {newest ? `, the last one ${ago(newest, now)}` : ""}
                  </span>
                </li>
              ))}
            </ul>
          )}
          {snapshots.length > 0 && <h3>Snapshots</h3>}
          <ul class="rows">
            {snapshots.map((snapshot) => (
              <Snapshot key={snapshot.at} snapshot={snapshot} now={now} />
            ))}
          </ul>
          {shift.length > 0 && (
            <>
              <h3>Shift of the newest snapshot from the served one</h3>
              <dl class="metrics">
                {shift.map(({ column, index }) => (
                  <div key={column}>
                    <dt>{column}</dt>
                    <dd class={index >= hasChanged ? "bad" : ""}>{figure(index)}</dd>
                  </div>
                ))}
              </dl>
              <p class="muted">Population stability index: from 0.1 worth a look, from 0.25 changed.</p>
            </>
          )}
        </>
      )}
    />
  );
}

function Snapshot({ snapshot, now }: { snapshot: SnapshotRow; now: number }) {
  const { hash, at, read, rejected, duplicates, kept, reasons, served } = snapshot;
  return (
    <li>
      <details>
        <summary>
          <Badge tone={served ? "good" : "plain"}>{served ? "served" : "frozen"}</Badge>
          <code>{hash.slice(0, 12)}</code>
          <span class="muted">
            {counted(kept, "row")}, {ago(at, now)}
          </span>
        </summary>
        <p>
          Of {counted(read, "row")} read, {count(kept)} are kept, {count(duplicates)} were there twice, and{" "}
          {count(rejected)} are set aside.
        </p>
        {reasons.length > 0 && (
          <ul>
            {reasons.map(({ field, rule, rows }) => (
              <li key={field + rule}>
                {counted(rows, "row")}: <code>{field}</code> {rule}
              </li>
            ))}
          </ul>
        )}
      </details>
    </li>
  );
}
