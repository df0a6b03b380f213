/** What goes from one box of a picture to another. */
export interface KnownFlow {
  /** Token of a component, or the name of somebody outside. */
  from: string;
  to: string;
  /** For people, in a word or three. */
  what: string;
  /** It goes there and an answer comes back. */
  answered?: true;
  /** What moves it: `slipway release`, not the resources themselves. */
  by?: "release";
}

const data = "slipway:data:DataBucket";
const sources = "slipway:data:Sources";
const image = "slipway:model:ModelImage";
const jobs = "slipway:training:TrainingJobs";
const registry = "slipway:model:ModelRegistry";
const release = "slipway:release:CurrentRelease";
const endpoint = "slipway:model:ModelEndpoint";
const monitor = "slipway:model:ModelMonitor";
const scientists = "slipway:access:DataScientists";
const api = "slipway:api:PredictionApi";
const site = "slipway:api:ApiSite";
const batches = "slipway:api:BatchScoring";
const state = "slipway:api:StateTable";
const subscriptions = "slipway:api:PublicSubscriptions";
const results = "slipway:notify:ResultsTopic";
const monitoring = "slipway:monitoring:Monitoring";
const costs = "slipway:cost:CostGuard";
const deployment = "slipway:deploy:DeploymentPipeline";

/** Between components whose resources are made with each other's values; drawn only where the program has made them so. */
export const programFlows: KnownFlow[] = [
  { from: sources, to: data, what: "raw data" },
  { from: sources, to: results, what: "rejected data" },
  { from: data, to: jobs, what: "snapshots" },
  { from: data, to: endpoint, what: "model" },
  { from: data, to: monitor, what: "captured" },
  { from: image, to: jobs, what: "container" },
  { from: image, to: endpoint, what: "container" },
  { from: api, to: endpoint, what: "records", answered: true },
  { from: scientists, to: endpoint, what: "records", answered: true },
  { from: site, to: endpoint, what: "health", answered: true },
  { from: batches, to: endpoint, what: "rows", answered: true },
  { from: api, to: site, what: "pages", answered: true },
  { from: api, to: batches, what: "files", answered: true },
  { from: api, to: subscriptions, what: "addresses", answered: true },
  { from: data, to: batches, what: "files", answered: true },
  { from: api, to: state, what: "seen", answered: true },
  { from: batches, to: state, what: "progress", answered: true },
  { from: subscriptions, to: state, what: "requests", answered: true },
  { from: results, to: state, what: "sent", answered: true },
  { from: api, to: results, what: "predictions" },
  { from: batches, to: results, what: "batches" },
  { from: subscriptions, to: results, what: "addresses" },
  { from: deployment, to: data, what: "sources" },
  { from: api, to: monitoring, what: "metrics" },
];

/** What looks at every component: arrows from all of them would hide the rest, so only those of the table are drawn. */
export const onlookers = [monitoring];

/** What a release moves between components; drawn where both are there. */
export const releaseFlows: KnownFlow[] = [
  { from: jobs, to: registry, what: "model", by: "release" },
  { from: registry, to: release, what: "gate", by: "release" },
  { from: release, to: endpoint, what: "deploy", by: "release" },
];

export type OutsideIcon = "person" | "people" | "world" | "letter";

/** Somebody or something outside the stack. */
export interface Outsider {
  name: string;
  icon: OutsideIcon;
  title: string;
  what: string;
  /** The first of these components that is there. */
  beside: string[];
  flow: { what: string; inward?: true; answered?: true };
}

export const outsiders: Outsider[] = [
  {
    ...{
      name: "outside-sources",
      icon: "world",
      title: "Outside sources",
      what: "files, web, streams, tables",
    },
    ...{ beside: [sources, data], flow: { what: "new data", inward: true } },
  },
  {
    ...{ name: "developers", icon: "person", title: "Developers", what: "push code and settings" },
    ...{ beside: [deployment], flow: { what: "pushes", inward: true } },
  },
  {
    ...{ name: "public", icon: "people", title: "The public", what: "anybody with an API key" },
    ...{ beside: [api], flow: { what: "records", inward: true, answered: true } },
  },
  {
    ...{ name: "data-scientists", icon: "person", title: "Data scientists", what: "boto3 or the AWS CLI" },
    ...{ beside: [scientists], flow: { what: "records", inward: true, answered: true } },
  },
  {
    ...{ name: "subscribers", icon: "letter", title: "Subscribers", what: "email, HTTPS, SQS, Lambda" },
    ...{ beside: [results], flow: { what: "messages" } },
  },
  {
    ...{ name: "owners", icon: "person", title: "Owners", what: "who pays the bill" },
    ...{ beside: [costs], flow: { what: "warnings" } },
  },
];
