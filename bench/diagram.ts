// How long both pictures of all of the program take, from its resources to SVG: npx tsx bench/diagram.ts [times]
import { loadavg } from "node:os";
import { quantile } from "simple-statistics";
import { architecture, drawArchitecture, views } from "../automation/diagram/draw";
import { layOut } from "../automation/diagram/layout";
import { allSwitchedOn, programResources } from "../test/automation/diagram/program";

const [times = 10] = process.argv.slice(2).map(Number);

async function main(): Promise<void> {
  const resources = await programResources("main", allSwitchedOn);
  const taken: number[] = [];
  for (let turn = 0; turn < times; turn++) {
    const began = performance.now();
    const found = architecture("main", resources);
    const layout = await layOut(found);
    for (const view of views) await drawArchitecture(found, { view, layout });
    taken.push((performance.now() - began) / 1000);
  }
  const [first, p50, most] = [taken[0]!, quantile(taken, 0.5), Math.max(...taken)].map((each) =>
    each.toFixed(2),
  );
  console.log(
    `both pictures of ${resources.length} resources: first ${first} s, p50 ${p50} s, most ${most} s of ${times}`,
  );
  console.log(`load average ${loadavg()[0]?.toFixed(1)}`);
}

void main();
