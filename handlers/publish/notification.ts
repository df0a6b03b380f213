import { type SlipwayEvent } from "../shared/events";
import { directKind } from "../shared/subscription";
import { type Outgoing } from "./digest";
import { mailOf, type Places } from "./mail";

/** What SNS is given for one event. */
export interface Notification {
  subject: string;
  /** MessageStructure json: email and SMS have texts of their own, every other protocol gets `default`. */
  message: { default: string; email: string; sms: string };
  /** For filter policies. */
  attributes: { kind: string; stack: string; severity: string };
}

/** An event as the subscribers get it: words for people; for services the event itself, with the ids of what is in it. */
export function notificationOf(
  { event, events }: Omit<Outgoing, "messageIds">,
  places: Places,
): Notification {
  const { subject, body } = mailOf(event, places);
  return {
    subject,
    message: { default: JSON.stringify({ ...forServices(event), events }), email: body, sms: subject },
    attributes: attributesOf(event),
  };
}

/** A mail to one address is the only kind that is not for everybody: the filter policies of all others leave it out. */
function attributesOf(event: SlipwayEvent): Notification["attributes"] {
  const { kind, stack, severity } = event;
  if (kind !== "subscription.removal") return { kind, stack, severity };
  // the highest severity passes whichever the subscriber asks for
  return { kind: directKind(event.detail.to), stack, severity: "error" };
}

/** What the token opens is for the reader of the mail alone. */
const forServices = (event: SlipwayEvent): object =>
  event.kind === "subscription.removal" ? { ...event, detail: { to: event.detail.to } } : event;
