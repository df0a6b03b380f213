import { html, raw } from "hono/html";
import { type Email } from "./email";

type Html = ReturnType<typeof html>;

/**
 * The inbox's one page: the list, and beside it (on a phone: instead of it) the email that is open.
 * It works without its script, which only adds refreshing and keys.
 */
export function page(emails: Email[], open: Email | "missing" | undefined, text = ""): Html {
  const query = text ? `?${new URLSearchParams({ text }).toString()}` : "";
  const count = `${emails.length} ${emails.length === 1 ? "email" : "emails"}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${typeof open === "object" ? open.subject : "Inbox"} · Slipway</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/inbox.css" />
        <script type="module" src="/inbox.mjs"></script>
      </head>
      <body class="${open ? "reading" : "listing"}">
        <header>
          <h1><a href="/">Inbox</a></h1>
          <form role="search" action="/" method="get">
            <input
              type="search"
              name="text"
              value="${text}"
              placeholder="Search"
              aria-label="Search emails"
            />
          </form>
        </header>
        <main>
          <nav id="list" aria-label="Emails">
            <p class="count" role="status">${count}${text ? html` with “${text}”` : ""}</p>
            ${emails.length ? emails.map((email) => row(email, email === open, query)) : emptyList(text)}
          </nav>
          <article id="email" tabindex="-1">${reading(open, query)}</article>
        </main>
      </body>
    </html>`;
}

function row(email: Email, isOpen: boolean, query: string): Html {
  return html`<a
    class="row ${severity(email)}"
    href="/read/${email.id}${query}"
    ${isOpen ? raw('aria-current="true"') : ""}
  >
    <span class="subject">${email.subject}</span>
    <span class="to">${email.to}</span>
    ${moment(email.timestamp)}
  </a>`;
}

const emptyList = (text: string) =>
  text
    ? html`<p class="empty">No email has this in it. <a href="/">Show all</a></p>`
    : html`<p class="empty">
        No emails yet. What the topic's email subscribers get appears here by itself.
      </p>`;

function reading(open: Email | "missing" | undefined, query: string): Html {
  if (!open) return html`<p class="empty">Choose an email to read it. Keys: j and k move, / searches.</p>`;
  const back = html`<a class="back" href="/${query}">‹ All emails</a>`;
  if (open === "missing")
    return html`${back}
      <p class="empty">There is no such email.</p>`;
  const details = [["To", open.to], ["Topic", open.topicArn], ...Object.entries(open.attributes)];
  return html`${back}
    <h2>${open.subject}</h2>
    <p class="from">AWS Notifications · ${moment(open.timestamp)}</p>
    <dl>
      ${details.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${
      open.confirmationUrl
        ? html`<p>
            <a class="button" href="${open.confirmationUrl}" target="_blank" rel="noopener noreferrer"
              >Confirm subscription</a
            >
          </p>`
        : ""
    }
    <pre>${withLinks(open.body)}</pre>`;
}

const severity = ({ attributes }: Email) =>
  ["info", "warning", "error"].find((level) => level === attributes.severity) ?? "";

function moment(timestamp: string): Html {
  const date = new Date(timestamp);
  const shown = Number.isNaN(date.getTime())
    ? timestamp
    : date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  return html`<time datetime="${timestamp}">${shown}</time>`;
}

/** The text, escaped, with its URLs as links. A full stop or bracket after a URL does not belong to it. */
function withLinks(text: string): Html[] {
  return text
    .split(/(https?:\/\/[^\s<>"]*[^\s<>"'.,;:!?)\]])/)
    .map((part, index) =>
      index % 2
        ? html`<a href="${part}" target="_blank" rel="noopener noreferrer">${part}</a>`
        : html`${part}`,
    );
}
