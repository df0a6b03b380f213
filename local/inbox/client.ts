import { withTimeLimit } from "../time-limit";
import { setTimeout as sleep } from "node:timers/promises";
import { type Email } from "./email";

export { type Email } from "./email";

const pollMs = 100;

/** As the query of `GET /emails`. */
export interface EmailQuery {
  /** The subscriber's address, whole, in any case. */
  to?: string;
  /** Received at or after this moment. */
  since?: Date;
  /** Part of the subject, in any case. */
  subject?: string;
  /** Part of address, subject or body, in any case. */
  text?: string;
}

/**
 * The emails in the inbox, newest first.
 * @throws Error when the inbox does not answer.
 */
export async function listEmails(
  inboxUrl: string,
  filter: EmailQuery = {},
  signal?: AbortSignal,
): Promise<Email[]> {
  const { since, ...parts } = filter;
  const query = new URLSearchParams(Object.entries(parts).filter(([, value]) => value));
  if (since) query.set("since", since.toISOString());
  const answer = await withTimeLimit(10_000, signal, (limited) =>
    fetch(`${inboxUrl}/emails?${query.toString()}`, { signal: limited }),
  ).catch((error: Error) => {
    if (signal?.aborted) throw error;
    throw new Error(`The inbox at ${inboxUrl} does not answer. See what runs with 'slipway local status'.`);
  });
  if (!answer.ok)
    throw new Error(`The inbox refused: ${((await answer.json()) as { message: string }).message}`);
  return (await answer.json()) as Email[];
}

/**
 * Waits for an email that `predicate` accepts, and resolves to the newest such one (it may have been there before).
 * @throws Error when none came within `timeoutMs`, or when `signal` is aborted.
 */
export async function waitForEmail(
  inboxUrl: string,
  predicate: (email: Email) => boolean,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Email> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = (await listEmails(inboxUrl, {}, signal)).find(predicate);
    if (found) return found;
    if (Date.now() >= deadline) {
      throw new Error(
        `The email that was waited for did not come within ${timeoutMs / 1000} s. What did come is at ${inboxUrl}; ` +
          "what SNS did is in 'slipway local logs cloud'.",
      );
    }
    await sleep(pollMs, undefined, { signal });
  }
}

/**
 * Confirms a subscription as the subscriber does: by opening the link in its confirmation email. Doing it again is fine.
 * @throws Error when the email has no such link, or the link does not work (any more).
 */
export async function confirmSubscription(email: Email, signal?: AbortSignal): Promise<void> {
  if (!email.confirmationUrl)
    throw new Error(`The email '${email.subject}' to ${email.to} has no confirmation link.`);
  const answer = await fetch(email.confirmationUrl, { signal: signal ?? AbortSignal.timeout(10_000) });
  if (!answer.ok) {
    throw new Error(
      `The confirmation link in the email to ${email.to} was refused (HTTP ${answer.status}). ` +
        "Subscribe the address again to get a new one.",
    );
  }
}
