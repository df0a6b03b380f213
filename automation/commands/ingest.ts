import { LambdaClient } from "@aws-sdk/client-lambda";
import { counted, whole } from "../../handlers/publish/figures";
import { type RejectionCount } from "../data/tally";
import { ingest as ingestSource, type Ingested } from "../data/ingest";
import { checkRows } from "../data/snapshot";
import { UserError } from "../errors";
import { type Output } from "../output";
import { createClients } from "../release/clients";
import { type Outputs, requireOutputs } from "../outputs";
import { readSchema } from "../project";
import { openTarget, type Target } from "../target";

/** What became of one source's data. */
interface Intake extends Ingested {
  source: string;
  kind: string;
  /** Rows in the objects that landed, and those of them that do not fit schema.json. */
  rows: number;
  rejected: number;
  reasons: RejectionCount[];
  /** Why it could not be ingested. */
  failure?: string;
}

/** Longer than a Lambda may take, in milliseconds. */
const runTimeoutMs = 910_000;

/** `slipway ingest` */
export async function ingest(
  name: string,
  wanted: string | undefined,
  wait: boolean,
  output: Output,
): Promise<void> {
  const target = await openTarget(name, output);
  const outputs = await requireOutputs(name, target, output);
  const intakes: Intake[] = [];
  for (const source of chooseSources(name, outputs, wanted)) {
    intakes.push(await intakeOf(source, outputs, target, wait, output));
  }
  if (intakes.some(({ failure }) => failure !== undefined)) process.exitCode = 1;
  output.answer(intakes, intakes.map(describe).join("\n"));
}

function chooseSources(stack: string, { sources }: Outputs, wanted: string | undefined): string[] {
  const names = Object.keys(sources);
  if (names.length === 0) {
    throw new UserError(
      `The stack '${stack}' has no source. Write one into Pulumi.${stack}.yaml (slipway:sources, see docs/data-sources.md) and ` +
        `run 'npx slipway up ${stack}'.`,
    );
  }
  if (wanted === undefined) return names;
  if (names.includes(wanted)) return [wanted];
  throw new UserError(`The stack '${stack}' has no source '${wanted}'. It has ${names.join(", ")}.`);
}

/** One source must not keep the others from being ingested: its failure is a part of what is said. */
async function intakeOf(
  source: string,
  outputs: Outputs,
  target: Target,
  wait: boolean,
  output: Output,
): Promise<Intake> {
  const { kind, functionName } = outputs.sources[source]!;
  const config = (service: string) => ({ region: outputs.region, ...target.clientConfig(service) });
  const lambda = new LambdaClient({
    ...config("lambda"),
    maxAttempts: 1, // a run that is under way must not be run a second time
    requestHandler: { requestTimeout: runTimeoutMs },
  });
  const none = { source, kind, landed: [], setAside: [], rows: 0, rejected: 0, reasons: [] };
  try {
    return await output.step(`Ingesting ${source} (${kind})`, async (progress) => {
      const now = (detail: string) => progress.now(detail);
      const { pollSeconds } = target;
      const ingested = await ingestSource(lambda, source, functionName, { wait, pollSeconds, now });
      const { s3 } = createClients(target, outputs.region);
      const work = { s3, bucket: outputs.dataBucket, schema: readSchema(outputs.problem), source, now };
      const { read: rows, rejected, reasons } = await checkRows(work, ingested.landed);
      const intake = { ...none, ...ingested, rows, rejected, reasons };
      progress.result(counts(intake));
      return intake;
    });
  } catch (error) {
    if (!(error instanceof UserError) || error.exitCode !== 1) throw error;
    return { ...none, failure: error.message };
  }
}

function counts({ landed, rows, rejected, setAside }: Intake): string {
  return [
    `${counted(rows, "row")} in ${counted(landed.length, "object")} landed`,
    ...(rejected > 0 ? [`${whole(rejected)} of them rejected`] : []),
    ...(setAside.length > 0 ? [`${counted(setAside.length, "object")} set aside`] : []),
  ].join(", ");
}

const shown = 5;

function describe(intake: Intake): string {
  const { source, kind, setAside, reasons, waiting, failure } = intake;
  if (failure !== undefined) return `${source} (${kind}): ${failure}`;
  return [
    `${source} (${kind}): ${counts(intake)}`,
    ...reasons
      .slice(0, shown)
      .map(({ field, rule, rows }) => `  rejected: ${field} ${rule} (${counted(rows, "row")})`),
    ...setAside
      .slice(0, shown)
      .map(({ origin, reason, object }) => `  set aside: ${origin} ${reason} (kept as ${object})`),
    ...(setAside.length > shown ? [`  and ${setAside.length - shown} more (see --json)`] : []),
    ...(waiting === undefined ? [] : [`  under way: ${waiting}`]),
  ].join("\n");
}
