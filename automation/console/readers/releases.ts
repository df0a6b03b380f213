import { listReleases } from "../../release/list";
import { errorText } from "../../release/metrics";
import { type Release } from "../sections";
import { type World } from "../world";

const most = 20;

/** The newest releases, newest first. */
export async function readReleases({ clients, outputs }: World): Promise<Release[]> {
  const found = await listReleases(clients, outputs);
  return found.slice(0, most).map(({ record, state, deployments }) => ({
    ...{ id: record.id, state, at: record.createdAt, commit: record.commit ?? null },
    error: errorText(record.metrics, outputs.problem),
    takenBack: (state !== "served" && deployments[0]?.failure) || null,
    gate: record.gate
      ? {
          decision: record.gate.decision,
          reason: record.rejection?.reason ?? record.gate.reason,
          champion: record.gate.champion ?? null,
          checks: record.gate.checks.map(({ name, passed, explanation }) => ({ name, passed, explanation })),
        }
      : null,
  }));
}
