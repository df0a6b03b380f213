import { html } from "hono/html";
import { createHash } from "node:crypto";

type Html = ReturnType<typeof html>;

const style =
  ":root{color-scheme:light dark}" +
  "body{font:1.0625rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.25rem}" +
  "h1{font-size:1.5rem;line-height:1.25}" +
  "input,button{font:inherit;box-sizing:border-box;min-height:44px;padding:.5rem .9rem;border-radius:8px}" +
  "input{width:100%;border:1px solid #767676;margin:.35rem 0 1rem}" +
  "button{border:0;background:#1c5fd4;color:#fff;cursor:pointer}" +
  ":focus-visible{outline:3px solid #f0a000;outline-offset:2px}";

/** Nothing from elsewhere, no script, no frame around it; forms only to the API itself. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

function page(title: string, content: Html): string {
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- hono's HTML is a string with a mark
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <style>
          ${style}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`.toString();
}

/** The page behind the link in a mail. Opening it changes nothing: what scanners do is open. */
export const confirmPage = (token: string, topic: string) =>
  page(
    "Stop these mails?",
    html`<p>Your address gets mails from <b>${topic}</b>. Press the button, and it gets no more.</p>
      <form method="post" action="unsubscribe">
        <input type="hidden" name="token" value="${token}" />
        <button>Stop the mails</button>
      </form>`,
  );

/** The page to which every mail points. */
export const askPage = (topic: string) =>
  page(
    "Stop these mails",
    html`<p>
        Which address gets mails from <b>${topic}</b> and should not? It gets one more mail, with a link.
      </p>
      <form method="post" action="unsubscribe">
        <label for="email">Email address</label>
        <input id="email" name="email" type="email" autocomplete="email" maxlength="254" required />
        <button>Send me the link</button>
      </form>`,
  );

export const sentPage = () =>
  page(
    "Look into your inbox",
    html`<p>If the address gets these mails, one with a link is on its way. The link works for a day.</p>`,
  );

export const donePage = () =>
  page("The mails have stopped", html`<p>Your address is not subscribed any more.</p>`);

export const badAddressPage = () =>
  page(
    "This is not an email address",
    html`<p><a href="unsubscribe">Go back</a> and give one like name@example.com.</p>`,
  );

export const badLinkPage = () =>
  page(
    "This link does not work any more",
    html`<p>It is older than a day, or not whole. <a href="unsubscribe">Ask for a new one.</a></p>`,
  );

export const busyPage = () => page("Too many requests", html`<p>Please try again in an hour.</p>`);

export const brokenPage = () =>
  page("Something went wrong here", html`<p>Nothing was changed. Please try again later.</p>`);
