import { type EventOf } from "../../shared/events";
import { type Places, type Template } from "../mail";

/** For how long the link in the mail works. The token says when it ends. */
export const removalHours = 24;

/** The mail with the link that takes its reader's address out. */
export function subscriptionRemoval(
  { detail }: EventOf<"subscription.removal">,
  { topic, unsubscribe }: Places,
): Template {
  return {
    subject: "Stop these mails?",
    paragraphs: [
      `Somebody, probably you, has asked that this address gets no more mails from ${topic}.`,
      `To stop them, open this page and press its button (it works for ${removalHours} hours):\n` +
        `${unsubscribe ?? ""}?token=${detail.token}`,
      "If it was not you, do nothing: nothing changes until the button is pressed.",
    ],
  };
}
