import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { comingEndpoint } from "../cost/endpoint";
import { type Architecture, architecture, drawArchitecture, type View, views } from "../diagram/draw";
import { layOut } from "../diagram/layout";
import { previewOf, resourcesOf } from "../diagram/resources";
import { summary } from "../diagram/text";
import { type Output } from "../output";
import { findStack, type Resource, selectStack } from "../stack";
import { projectName, readStackConfig } from "../stack-config";
import { openTarget } from "../target";

export interface DiagramOptions {
  /** What `up` would change, instead of what is there. */
  diff?: boolean;
  view?: View;
  /** Folder of the pictures. */
  output: string;
}

/** `slipway diagram` */
export async function diagram(name: string, options: DiagramOptions, output: Output): Promise<void> {
  const found = await look(name, options.diff ?? false, output);
  const files = await output.step("Drawing", () => draw(found, options));
  output.answer(
    { ...found, files },
    [`${name}: ${summary(found)}`, ...files.map((file) => `  ${file}`)].join("\n"),
  );
}

/** Of the stack's state where it is up; else of a preview, which a difference needs anyway. */
async function look(name: string, isDifference: boolean, output: Output): Promise<Architecture> {
  const target = await openTarget(name, output);
  const coming = (resources: Resource[]) => comingEndpoint(resources, readStackConfig(name), projectName());
  const known = isDifference ? undefined : await findStack(name, target, output);
  const state = known ? await resourcesOf(known, output) : [];
  if (state.length > 0) return architecture(name, state, { coming: coming(state) });
  const stack = known ?? (await selectStack(name, target, output));
  const { after, ...difference } = await previewOf(stack, output);
  return architecture(name, after, { coming: coming(after), ...(isDifference ? { difference } : {}) });
}

async function draw(found: Architecture, { view, output: folder, diff }: DiagramOptions): Promise<string[]> {
  const layout = await layOut(found);
  mkdirSync(folder, { recursive: true });
  const drawn = (view ? [view] : views).map(async (each) => {
    const ending = `${diff ? "-diff" : ""}${each === "2d" ? "" : `-${each}`}`;
    const file = join(folder, `architecture-${found.stack}${ending}.svg`);
    writeFileSync(file, await drawArchitecture(found, { view: each, layout }));
    return relative(process.cwd(), file) || file;
  });
  return Promise.all(drawn);
}
