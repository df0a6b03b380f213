import { type SchemaObject } from "openapi3-ts/oas31";
import { severities } from "../../shared/events";
import { type Feature, type Operation, ref, requestIdHeader, withoutKey } from "./feature";
import { problems } from "./problems";

/** `POST /subscriptions` and its like: the stacks with `slipway:publicSubscriptions` have them. */
export const subscriptionsFeature = (): Feature => ({
  tag: { name: "Subscriptions", description: "Emails about predictions, batches and releases." },
  paths: {
    "/subscriptions": { post: subscribe },
    "/subscriptions/removals": { post: remove },
    "/unsubscribe": { get: askToUnsubscribe, post: unsubscribe },
  },
  schemas: { Subscription: subscription, Removal: removal },
});

const email: SchemaObject = { type: "string", format: "email", minLength: 3, maxLength: 254 };

const subscription: SchemaObject = {
  type: "object",
  additionalProperties: false,
  required: ["email"],
  properties: {
    email,
    kinds: {
      type: "array",
      minItems: 1,
      uniqueItems: true,
      description: "Of events; all when left out.",
      items: { type: "string", examples: ["release.deployed"] },
    },
    minSeverity: { type: "string", enum: [...severities], description: "Nothing below it is sent." },
  },
};

const removal: SchemaObject = {
  type: "object",
  additionalProperties: false,
  required: ["email"],
  properties: { email },
};

const accepted = (description: string) => ({ "202": { description, headers: requestIdHeader } });

const refusals = {
  ...problems("malformed-body", "invalid-fields", "forbidden", "too-large", "unsupported-media-type"),
  ...problems("too-many-requests", "quota-exceeded", "unexpected", "gateway-timeout"),
};

const subscribe: Operation = {
  tags: ["Subscriptions"],
  operationId: "subscribe",
  summary: "Subscribe an address",
  description: "Sends a mail with a link to the address; the subscription begins when it is followed.",
  requestBody: {
    required: true,
    content: {
      "application/json": {
        schema: ref("Subscription"),
        example: { email: "you@example.com", kinds: ["release.deployed"] },
      },
    },
  },
  responses: { ...accepted("A mail is on its way, unless the address is subscribed already."), ...refusals },
};

const remove: Operation = {
  tags: ["Subscriptions"],
  operationId: "requestRemoval",
  summary: "Ask for an address to be removed",
  description: "Sends a mail with a link to the address, which ends its subscriptions.",
  requestBody: {
    required: true,
    content: { "application/json": { schema: ref("Removal"), example: { email: "you@example.com" } } },
  },
  responses: { ...accepted("A mail is on its way, if the address is subscribed."), ...refusals },
};

const token = {
  name: "token",
  in: "query" as const,
  required: true,
  description: "From the mail.",
  schema: { type: "string" as const },
};

const page = (description: string) => ({
  "200": { description, content: { "text/html": { schema: { type: "string" as const } } } },
});

const askToUnsubscribe: Operation = {
  tags: ["Subscriptions"],
  operationId: "askToUnsubscribe",
  summary: "The page behind a mail's link",
  description: "Has a button and changes nothing by itself: mail scanners follow links.",
  security: withoutKey,
  parameters: [token],
  responses: {
    ...page("A page with a button."),
    ...problems("invalid-token", "too-many-requests", "unexpected"),
  },
};

const unsubscribe: Operation = {
  ...askToUnsubscribe,
  operationId: "unsubscribe",
  summary: "End a subscription",
  description: "What the button of the page does.",
  responses: {
    ...page("The subscription has ended."),
    ...problems("invalid-token", "too-many-requests", "unexpected"),
  },
};
