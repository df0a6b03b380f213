import { counted, whole } from "../../handlers/publish/figures";
import { type Profile } from "../../handlers/shared/profile";
import { type RowCounts } from "../data/tally";
import { type ColumnShift, columnShifts, type Shift, shifts } from "../../handlers/shared/shift";
import {
  lookAtData,
  readProfile,
  readSnapshot,
  type SnapshotWork,
  type TakenSnapshot,
  takeSnapshot,
} from "../data/snapshot";
import { UserError } from "../errors";
import { readSchema } from "../project";
import { announceRejectedData } from "./announce";
import { type ReleaseContext } from "./context";
import { currentRelease } from "./current";
import { readRecord, type ReleaseRecord } from "./record";

/** The data of a release and of the one that is served. */
export interface ReleaseData extends TakenSnapshot {
  /** Of each column against the data of the served release, greatest first; none when nothing is served. */
  shift: Shift[];
}

/**
 * Freezes the data for a release. Rows that are left out of a new snapshot are announced to the subscribers.
 * @throws UserError when more rows are rejected, or a column has shifted further, than the stack's limits allow; the
 * subscribers are told that, too.
 */
export async function freezeData(context: ReleaseContext): Promise<ReleaseData> {
  const taken = await context.output.step("Freezing a data snapshot", async (progress) => {
    const found = await takeSnapshot({ ...workOf(context), now: (detail) => progress.now(detail) });
    progress.result(describe(found));
    return found;
  });
  const data = { ...taken, shift: await shiftOf(context, taken) };
  const fault = faultOf(context, data);
  const { rows, reasons } = taken.snapshot;
  if (taken.fresh && (fault || rows.rejected > 0)) {
    const reason = fault ?? `The other rows are released. ${reasonText(reasons)}`;
    await announceRejectedData(context, fault ? "error" : "warning", reason, rows);
  }
  if (fault) throw new UserError(`${fault} Nothing has been released. ${fixFor(context, taken)}`);
  return data;
}

/** The data of a release beside that of another. */
export interface DataComparison {
  rows: RowCounts;
  /** The column that has shifted most first; none when the data is the same, or there is nothing to compare with. */
  columns: ColumnShift[];
}

/** The data of two releases; undefined when that of `after` is not known any more. */
export async function compareData(
  { clients, outputs }: ReleaseContext,
  before: ReleaseRecord | undefined,
  after: ReleaseRecord,
): Promise<DataComparison | undefined> {
  const profileOf = (record: ReleaseRecord) =>
    readProfile(clients.s3, outputs.dataBucket, record.ingredients.snapshot);
  const was = before && (await profileOf(before));
  const is = await profileOf(after);
  const snapshot = await readSnapshot(clients.s3, outputs.dataBucket, after.ingredients.snapshot);
  const same = before?.ingredients.snapshot === after.ingredients.snapshot;
  return snapshot && { rows: snapshot.rows, columns: was && is && !same ? columnShifts(was, is) : [] };
}

/** The data that a release would have now; changes nothing. */
export async function lookAtReleaseData(context: ReleaseContext): Promise<ReleaseData> {
  const taken = await lookAtData(workOf(context));
  return { ...taken, shift: await shiftOf(context, taken) };
}

export const workOf = ({ clients, outputs, landed }: ReleaseContext): SnapshotWork => ({
  ...{
    s3: clients.s3,
    bucket: outputs.dataBucket,
    schema: readSchema(outputs.problem),
    now: () => undefined,
  },
  ...(landed ? { landed } : {}),
});

export function describe({ snapshot: { hash, rows, objects } }: TakenSnapshot): string {
  const left = [
    ...(rows.rejected ? [`${whole(rows.rejected)} rejected`] : []),
    ...(rows.duplicates ? [`${whole(rows.duplicates)} duplicates left out`] : []),
  ];
  return [
    hash.slice(0, 12),
    `${counted(rows.kept, "row")} of ${counted(objects.length, "object")}`,
    ...left,
  ].join(", ");
}

async function shiftOf(context: ReleaseContext, { snapshot, profile }: TakenSnapshot): Promise<Shift[]> {
  const before = await servedProfile(context, snapshot.hash);
  return before ? shifts(before, profile) : [];
}

/** What is in the data of the served release; undefined when it is the data at hand, or of an earlier Slipway. */
async function servedProfile(
  { clients, outputs }: ReleaseContext,
  hash: string,
): Promise<Profile | undefined> {
  const served = await currentRelease(clients.ssm, outputs);
  const record = served && (await readRecord(clients.s3, outputs.dataBucket, served.id));
  if (!record || record.ingredients.snapshot === hash) return undefined;
  return readProfile(clients.s3, outputs.dataBucket, record.ingredients.snapshot);
}

function faultOf(
  { outputs }: ReleaseContext,
  { snapshot: { rows, reasons }, shift }: ReleaseData,
): string | undefined {
  const { maxRejectedPercent, maxShift = Infinity } = outputs.dataLimits;
  const percent = rows.read === 0 ? 0 : (100 * rows.rejected) / rows.read;
  if (percent > maxRejectedPercent) {
    return (
      `${whole(rows.rejected)} of ${counted(rows.read, "row")} do not fit schema.json (${percent.toFixed(1)} %), more than the ` +
      `${maxRejectedPercent} % that maxRejectedPercent allows. ${reasonText(reasons)}`
    );
  }
  const [worst] = shift;
  if (worst && worst.index > maxShift) {
    return (
      `The column ${worst.column} is distributed differently than in the data of the served release: its population ` +
      `stability index is ${worst.index.toFixed(2)}, more than the ${maxShift} that maxDataShift allows.`
    );
  }
  return undefined;
}

const shownReasons = 3;

function reasonText(reasons: TakenSnapshot["snapshot"]["reasons"]): string {
  const most = reasons
    .slice(0, shownReasons)
    .map(({ field, rule, rows }) => `${field} ${rule} (${counted(rows, "row")})`);
  return `Most often: ${most.join("; ")}.`;
}

const fixFor = ({ outputs, stack }: ReleaseContext, { snapshot, rejected }: TakenSnapshot) =>
  snapshot.rows.rejected > 0
    ? `The rejected rows with all their reasons are in s3://${outputs.dataBucket}/${rejected}. Put the data right, or raise the limit in Pulumi.${stack.name}.yaml.`
    : `Look at it with 'npx slipway diff ${stack.name}'; when the change is wanted, raise the limit in Pulumi.${stack.name}.yaml.`;
