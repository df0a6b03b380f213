import { type Reading, type Release } from "../sections";
import { Badge, Card, toneOf } from "./card";
import { ago } from "./words";

/** Each release, what the gate said of it, and the gate's report. */
export function ReleasesCard({ releases, now }: { releases: Reading<Release[]> | undefined; now: number }) {
  return (
    <Card
      id="releases"
      title="Releases"
      reading={releases}
      show={(value) =>
        value.length === 0 ? (
          <p class="muted">No release yet.</p>
        ) : (
          <ul class="rows">
            {value.map((release) => (
              <li key={release.id}>
                <details>
                  <summary>
                    {release.takenBack ? (
                      <Badge tone="bad">rolled back</Badge>
                    ) : (
                      <Badge tone={toneOf(release.state)}>{release.state}</Badge>
                    )}
                    <code>{release.id}</code>
                    <span class="muted">
                      error {release.error}, {ago(release.at, now)}
                    </span>
                  </summary>
                  {release.takenBack && <p class="fault">{release.takenBack}</p>}
                  <Judged release={release} />
                </details>
              </li>
            ))}
          </ul>
        )
      }
    />
  );
}

function Judged({ release: { id, commit, gate } }: { release: Release }) {
  const from = commit ? `Made from commit ${commit.slice(0, 10)}. ` : "";
  if (!gate) return <p class="muted">{from}The gate has not judged it yet.</p>;
  const isPersons = !gate.checks.some(({ explanation }) => gate.reason.includes(explanation));
  return (
    <>
      {isPersons && <p>{gate.reason}</p>}
      <ul class="checks">
        {gate.checks.map(({ name, passed, explanation }) => (
          <li key={name}>
            <Badge tone={passed ? "good" : "bad"}>{passed ? "passed" : "not passed"}</Badge> {explanation}
          </li>
        ))}
      </ul>
      <p class="muted">
        {from}
        {gate.champion ? `Compared with ${gate.champion}. ` : "There was no release to compare it with. "}
        <a href={`/releases/${id}/report`} target="_blank" rel="noopener">
          The gate's report, with pictures
        </a>
      </p>
    </>
  );
}
