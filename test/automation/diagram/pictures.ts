import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Architecture, architecture, drawArchitecture, views } from "../../../automation/diagram/draw";
import { layOut } from "../../../automation/diagram/layout";
import { root } from "../../components/configurations";
import { allSwitchedOn, programResources } from "./program";

export const folder = join(root, "docs", "pictures");

/** What a reader of docs/architecture.md sees `--diff` with. */
const switchedOn = {
  "slipway:sources": { trips: { kind: "kinesis" } },
  "slipway:publicSubscriptions": true,
};

/** The pictures of docs/architecture.md, drawn from the program as it is: by name of file. */
export async function pictures(): Promise<Record<string, string>> {
  const main = await programResources("main");
  const before = new Set(main.map(({ urn }) => urn));
  const after = await programResources("main", switchedOn);
  const changed = after
    .filter(
      ({ urn, inputs }) =>
        before.has(urn) && !sameInputs(inputs, main.find((each) => each.urn === urn)!.inputs),
    )
    .map(({ urn }) => urn);
  const [flat] = views;
  return {
    ...(await draw("architecture-main", architecture("main", main), views)),
    ...(await draw(
      "architecture-everything",
      architecture("dev", await programResources("dev", allSwitchedOn)),
      [flat!],
    )),
    ...(await draw(
      "architecture-main-diff",
      architecture("main", after, { difference: { before: main, changed } }),
      [flat!],
    )),
  };
}

const sameInputs = (one: object, other: object) => JSON.stringify(one) === JSON.stringify(other);

async function draw(name: string, found: Architecture, of: typeof views): Promise<Record<string, string>> {
  const layout = await layOut(found);
  const drawn = of.map(async (view): Promise<[string, string]> => [
    `${name}${view === "2d" ? "" : `-${view}`}.svg`,
    await drawArchitecture(found, { view, layout }),
  ]);
  return Object.fromEntries(await Promise.all(drawn));
}

const write = (drawn: Record<string, string>) =>
  Object.entries(drawn).forEach(([file, svg]) => writeFileSync(join(folder, file), svg));

if (require.main === module) void pictures().then(write);
