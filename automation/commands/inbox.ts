import { type Email, listEmails } from "../../local/inbox/client";
import { UserError } from "../errors";
import { type Output } from "../output";
import { isLaptopStack, runningLaptop } from "../target";

/** `slipway inbox` */
export async function inbox(stack: string, limit: number, output: Output): Promise<void> {
  if (!isLaptopStack(stack)) {
    throw new UserError(
      `The stack '${stack}' sends real emails: look into your own inbox. Only the laptop's stacks have one here.`,
    );
  }
  const { inboxUrl } = await runningLaptop();
  const emails = (await listEmails(inboxUrl)).slice(0, limit);
  output.answer(emails, emails.length ? emails.map(describe).join("\n\n") : "The inbox is empty.");
}

const describe = ({ receivedAt, to, subject, body }: Email) =>
  `${receivedAt}  to ${to}\n${subject}\n${body.trimEnd().replace(/^/gm, "  ")}`;
