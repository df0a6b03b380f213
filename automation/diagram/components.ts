import { stackType } from "./groups";

/** What a picture says of a component. */
export interface Words {
  title: string;
  what: string;
}

/**
 * The components of the program, by token. One that is not here, such as one of your own, is drawn as well: with its token as
 * its title.
 */
const known: Record<string, Words> = {
  "slipway:data:Sources": { title: "Sources", what: "fetch and land new data" },
  "slipway:data:DataBucket": { title: "Data bucket", what: "raw data, snapshots, models" },
  "slipway:model:ModelImage": { title: "Model image", what: "your code in a container" },
  "slipway:training:TrainingJobs": { title: "Training jobs", what: "process, train and evaluate" },
  "slipway:model:ModelRegistry": { title: "Model registry", what: "all models ever trained" },
  "slipway:release:CurrentRelease": { title: "Current release", what: "which model is to be served" },
  "slipway:model:ModelEndpoint": { title: "Model endpoint", what: "serves the current release" },
  "slipway:model:ModelMonitor": { title: "Model monitor", what: "drift, and error by labels" },
  "slipway:access:DataScientists": { title: "Direct access", what: "a role to call the endpoint" },
  "slipway:api:PredictionApi": { title: "Prediction API", what: "keys, limits, predictions" },
  "slipway:api:ApiSite": { title: "API site", what: "playground, health, OpenAPI" },
  "slipway:api:BatchScoring": { title: "Batch scoring", what: "predictions for whole files" },
  "slipway:api:StateTable": { title: "State table", what: "what has been done already" },
  "slipway:api:PublicSubscriptions": { title: "Subscriptions", what: "addresses come and go" },
  "slipway:notify:ResultsTopic": { title: "Results topic", what: "words events and tells them" },
  "slipway:monitoring:Monitoring": { title: "Monitoring", what: "dashboard, alarms, queries" },
  "slipway:cost:CostGuard": { title: "Cost guard", what: "a budget that mails" },
  "slipway:deploy:DeploymentPipeline": { title: "Deployment", what: "deploys what is pushed" },
  [stackType]: { title: "The program itself", what: "what is in no component" },
};

/** @param token a component's type, such as `slipway:model:ModelEndpoint`. */
export const wordsOf = (token: string): Words =>
  known[token] ?? { title: spaced(token.split(":").at(-1)!), what: token };

/** `Feature store` of `FeatureStore`. */
const spaced = (noun: string) => {
  const words = noun.replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** What a component is a part of; boxes are coloured by it. */
export type Area = "data" | "model" | "serving" | "telling" | "upkeep" | "own" | "outside";

const areas: Record<string, Area> = {
  ...{ data: "data", model: "model", training: "model", release: "model", api: "serving", access: "serving" },
  ...{ notify: "telling", monitoring: "upkeep", cost: "upkeep", deploy: "upkeep" },
};

/** By the middle of its token; undefined is somebody outside. */
export function areaOf(token: string | undefined): Area {
  if (token === undefined) return "outside";
  const [owner, area = ""] = token.split(":");
  return (owner === "slipway" && areas[area]) || "own";
}

const order = Object.keys(known);

/** For sorting: in the order of the table, those that are not in it last. */
export const rankOf = (token: string | undefined): number => {
  const rank = order.indexOf(token ?? "");
  return rank < 0 ? order.length : rank;
};
