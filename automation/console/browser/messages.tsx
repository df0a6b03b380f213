import { type Messages, type Reading } from "../sections";
import { Badge, Card } from "./card";
import { ago, counted } from "./words";

/** What waits to be told, and on the laptop the mails that have come. */
export function MessagesCard({
  messages,
  inboxUrl,
  now,
}: {
  messages: Reading<Messages> | undefined;
  inboxUrl: string | null;
  now: number;
}) {
  return (
    <Card
      id="mails"
      title="Subscribers"
      reading={messages}
      aside={() =>
        inboxUrl && (
          <a href={inboxUrl} target="_blank" rel="noopener">
            the inbox
          </a>
        )
      }
      show={({ waiting, dead, mails }) => (
        <>
          <p class="muted">
            {counted(waiting, "event")} on the way to them{dead === 0 ? ", none lost its way." : "."}
          </p>
          {dead > 0 && (
            <p class="fault">
              {counted(dead, "event")} could not be published. See why with{" "}
              <code>slipway redrive --list</code>.
            </p>
          )}
          {mails === null ? (
            <p class="muted">In AWS, mails are in the subscribers' mailboxes alone.</p>
          ) : (
            <ul class="rows">
              {mails.map(({ id, at, to, subject, severity }) => (
                <li key={id}>
                  {severity !== "info" && (
                    <Badge tone={severity === "error" ? "bad" : "busy"}>{severity}</Badge>
                  )}
                  <a href={`${inboxUrl}/read/${id}`} target="_blank" rel="noopener">
                    {subject}
                  </a>
                  <span class="muted below">
                    {to}, {ago(at, now)}
                  </span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    />
  );
}
