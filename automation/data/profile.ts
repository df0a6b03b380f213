import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type ColumnProfile, type Profile } from "../../handlers/shared/profile";
import { type RecordSchema } from "../../handlers/shared/schema";
import { type Engine, rowsOf } from "./engine";
import { everyRow } from "./parts";
import { readCsv } from "./raw-table";
import { identifier } from "./rules";

const most = 300;
const quantilePoints = 1001;
/** Of a larger table so many rows are drawn at most, so that quantiles fit into memory. */
const sampleRows = 1_000_000;

/**
 * Looks at CSV files of rows that fit the schema: at every row, or every second one and so on, so that the same rows always have the
 * same profile.
 * @param rows how many there are.
 * @param folder takes what is drawn.
 */
export async function profileOf(
  engine: Engine,
  files: string[],
  rows: number,
  schema: RecordSchema,
  folder: string,
): Promise<Profile> {
  const step = Math.ceil(rows / sampleRows);
  if (step <= 1) return profileOfAll(engine, files, schema);
  const sample = join(folder, "sample.csv");
  await pipeline(everyRow(files, step), createWriteStream(sample));
  const profile = await profileOfAll(engine, [sample], schema);
  await rm(sample);
  return profile;
}

async function profileOfAll(engine: Engine, files: string[], schema: RecordSchema): Promise<Profile> {
  const fields = Object.entries(schema.properties).filter(([, field]) =>
    ["feature", "target"].includes(field["x-role"]),
  );
  const isNumber = (type: string | string[]) =>
    [type].flat().some((each) => each === "number" || each === "integer");
  const names = fields.map(([name]) => identifier(name)).join(", ");
  const all = Object.keys(schema.properties);
  const noRows = `(SELECT ${all.map((name) => `'' AS ${identifier(name)}`).join(", ")} WHERE false)`;
  const source = files.length > 0 ? readCsv(files, all) : noRows;
  await engine.run(`CREATE OR REPLACE TEMP TABLE looked AS SELECT ${names} FROM ${source}`);
  const [total] = await rowsOf(engine, "SELECT count(*) AS rows FROM looked");
  const columns: Profile["columns"] = {};
  for (const [name, field] of fields) {
    // Each value once: what follows looks at these, and a million rows have far fewer.
    await engine.run(
      `CREATE OR REPLACE TEMP TABLE counted AS ` +
        `SELECT NULLIF(${identifier(name)}, '') AS value, count(*) AS rows FROM looked GROUP BY ALL`,
    );
    columns[name] = {
      kind: isNumber(field.type) ? "number" : "category",
      unit: field["x-unit"] ?? "",
      ...(await countsOf(engine)),
      values: await valuesOf(engine),
      ...(isNumber(field.type) ? await numbersOf(engine) : {}),
    };
  }
  await engine.run("DROP TABLE looked; DROP TABLE IF EXISTS counted");
  return { rows: Number(total!.rows), columns };
}

async function countsOf(engine: Engine): Promise<Pick<ColumnProfile, "count" | "missing" | "distinct">> {
  const [row] = await rowsOf(
    engine,
    `SELECT COALESCE(sum(rows) FILTER (value IS NOT NULL), 0) AS count, ` +
      `COALESCE(sum(rows) FILTER (value IS NULL), 0) AS missing, count(value) AS different FROM counted`,
  );
  return { count: Number(row!.count), missing: Number(row!.missing), distinct: Number(row!.different) };
}

async function valuesOf(engine: Engine): Promise<ColumnProfile["values"]> {
  const rows = await rowsOf(
    engine,
    `SELECT value, rows FROM counted WHERE value IS NOT NULL ORDER BY rows DESC, value LIMIT ${most}`,
  );
  return rows.map(({ value, rows: count }) => [String(value), Number(count)]);
}

/** Quantile p is the value of the ceil(p * n)-th of n rows in order, as `quantile_disc` has it, which sorts once for each. */
async function numbersOf(engine: Engine): Promise<Partial<ColumnProfile>> {
  const steps = quantilePoints - 1;
  const [row] = await rowsOf(
    engine,
    `WITH numbers AS (SELECT CAST(value AS DOUBLE) AS x, sum(rows) AS rows FROM counted WHERE value IS NOT NULL GROUP BY x), ` +
      `placed AS (SELECT x, sum(rows) OVER (ORDER BY x) AS up_to FROM numbers), ` +
      `total AS (SELECT min(x) AS least, max(x) AS greatest, sum(rows) AS rows, ` +
      `sum(x * rows ORDER BY x) / sum(rows) AS mean FROM numbers), ` +
      `points AS (SELECT step, greatest((step * total.rows + ${steps - 1}) // ${steps}, 1) AS place ` +
      `FROM range(${quantilePoints}) AS steps(step), total) ` +
      `SELECT least, greatest, mean, (SELECT list(x ORDER BY step) FROM points ASOF JOIN placed ON place <= up_to) AS quantiles ` +
      `FROM total`,
  );
  if (row!.least === null) return {};
  return {
    min: Number(row!.least),
    max: Number(row!.greatest),
    mean: Number(row!.mean),
    quantiles: row!.quantiles as number[],
  };
}
