import { architecture, drawArchitecture } from "../../diagram/draw";
import { layOut } from "../../diagram/layout";
import { type Resource } from "../../stack";
import { type Pictures } from "../sections";

/** Both pictures of a stack, from the resources of its state. */
export async function drawPictures(stack: string, resources: Resource[]): Promise<Pictures> {
  const found = architecture(stack, resources);
  const layout = await layOut(found);
  const [flat, isometric] = await Promise.all([
    drawArchitecture(found, { view: "2d", layout }),
    drawArchitecture(found, { view: "isometric", layout }),
  ]);
  return { "2d": flat, isometric };
}
