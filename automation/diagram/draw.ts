import { drawFlat } from "./flat";
import { type Architecture } from "./graph";
import { drawIsometric } from "./isometric";
import { layOut, type Layout } from "./layout";
import { type View } from "./svg";

export { type Architecture, architecture } from "./graph";
export { type View } from "./svg";

export const views: View[] = ["2d", "isometric"];

/**
 * The architecture as one SVG document, light and dark, that needs nothing else. Pages find a component by its `data-component` and
 * `data-name`, and what flows by `data-from` and `data-to`.
 * @param layout of the same architecture, where another view of it has been drawn already.
 */
export async function drawArchitecture(
  architecture: Architecture,
  { view, layout }: { view: View; layout?: Layout },
): Promise<string> {
  const draw = view === "2d" ? drawFlat : drawIsometric;
  return draw(architecture, layout ?? (await layOut(architecture)));
}
