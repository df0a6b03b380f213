import { type Subscriber } from "../components/results/subscribers";
import { type StackConfig } from "./stack-config";

const kind = "prediction.results";

/** Why nobody gets an email about just any prediction, by the stack's settings; undefined when somebody does. */
export function whyNoMail(config: StackConfig, project: string): string | undefined {
  const setting = (name: string): unknown => {
    const value = config[`${project}:${name}`];
    return typeof value === "string" ? JSON.parse(value) : value; // as `pulumi config set` writes it
  };
  if (Object.keys(setting("announcePredictions") as object).length > 0)
    return "slipway:announcePredictions says which predictions subscribers hear of";
  const readers = (setting("subscribers") as Subscriber[]).filter(
    ({ protocol, kinds = [kind], minSeverity = "info" }) =>
      protocol === "email" && kinds.includes(kind) && minSeverity === "info",
  );
  return readers.length + (setting("emails") as string[]).length > 0
    ? undefined
    : "no email subscriber of the stack hears of predictions (slipway:emails, slipway:subscribers)";
}
