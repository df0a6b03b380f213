import { estimate } from "../../cost/estimate";
import { type Resource } from "../../stack";
import { type Cost } from "../sections";

/** What the stack's resources cost a month in AWS, also when they are on the laptop. */
export function costOf(resources: Resource[]): Cost {
  const { monthly, components } = estimate(resources);
  return { monthly, components: components.filter((component) => component.monthly >= 0.005) };
}
