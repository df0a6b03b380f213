import { Ajv, type JSONSchemaType } from "ajv";

/** What SNS hands over for one email subscriber (local/cloud/sns/email.py sends it). */
export interface Delivery {
  /** The subscriber's address. */
  to: string;
  subject: string;
  /** Plain text, with AWS's footer. */
  body: string;
  topicArn: string;
  /** SNS message id: the same for every subscriber of one publish. */
  messageId: string;
  /** ISO 8601, when SNS sent it. */
  timestamp: string;
  /** SNS message attributes by name. */
  attributes: Record<string, string>;
  /** Only in a subscription confirmation: opening it (GET) confirms the subscription. */
  confirmationUrl?: string;
  /** In every other email: opening it (GET) ends the subscription. */
  unsubscribeUrl?: string;
}

/** An email in the inbox. */
export interface Email extends Delivery {
  id: string;
  /** ISO 8601 with milliseconds; no two emails have the same. */
  receivedAt: string;
}

const httpUrl = { type: "string", pattern: "^https?://", nullable: true } as const;

const schema: JSONSchemaType<Delivery> = {
  type: "object",
  properties: {
    to: { type: "string", minLength: 1 },
    subject: { type: "string" },
    body: { type: "string" },
    topicArn: { type: "string" },
    messageId: { type: "string", minLength: 1 },
    timestamp: { type: "string" },
    attributes: { type: "object", required: [], additionalProperties: { type: "string" } },
    confirmationUrl: httpUrl,
    unsubscribeUrl: httpUrl,
  },
  required: ["to", "subject", "body", "topicArn", "messageId", "timestamp", "attributes"],
  additionalProperties: false,
};

const ajv = new Ajv({ allErrors: true });
const validate = ajv.compile(schema);

/** @throws Error that names every wrong field. */
export function parseDelivery(value: unknown): Delivery {
  if (validate(value)) return value;
  throw new Error(`This is not an email: ${ajv.errorsText(validate.errors, { dataVar: "email" })}.`);
}
