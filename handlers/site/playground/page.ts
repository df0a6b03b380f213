import { html, raw } from "hono/html";
import { createHash } from "node:crypto";
import { type RecordSchema, targetOf } from "../../shared/schema";
import { labelOf } from "./fields";
import { form } from "./form";

/** The page's script and style, as browsers take them. */
export interface Assets {
  script: string;
  style: string;
}

export interface Page {
  html: string;
  headers: Record<string, string>;
}

/**
 * The playground: one document that needs nothing else. Script and style are within it, and its policy lets the browser
 * run these two texts, by their hashes, and no other: nothing may stand between them and their tags.
 */
export async function playground(schema: RecordSchema, { script, style }: Assets): Promise<Page> {
  // The end of a script within a script would end it for the browser, too.
  const code = script.replaceAll("</script", "<\\/script");
  return {
    html: (await body(schema, { script: code, style })).toString(),
    headers: { "content-security-policy": policy(code, style) },
  };
}

const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const policy = (script: string, style: string): string =>
  [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

function body(schema: RecordSchema, { script, style }: Assets) {
  const { name, unit } = targetOf(schema);
  const target = name.replaceAll("_", " ");
  const description = schema.properties[name]?.description ?? "";
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="description" content="${description}" />
        <title>${labelOf(name)} · ${schema.title}</title>
        <link rel="icon" href="${icon}" />
        ${raw(`<style>${style}</style>`)}
      </head>
      <body data-target="${target}" data-unit="${unit}">
        <header>
          <p class="brand">${mark} ${schema.title}</p>
          <p class="status" id="status" role="status" hidden></p>
        </header>
        <main>
          <div class="lead">
            <h1>Predict the ${target}</h1>
            <p>${description}</p>
          </div>
          <div class="columns">
            ${form(schema, target)}
            <div class="side">
              <section class="card answer" id="answer" aria-labelledby="answer-title" aria-live="polite">
                <h2 id="answer-title">Prediction</h2>
                <div id="outcome"><p class="hint">Describe a record, then ask for its ${target}.</p></div>
              </section>
              ${codeCard}
            </div>
          </div>
          <noscript><p class="card">This page needs JavaScript. The API itself does not.</p></noscript>
        </main>
        <footer>
          <p>${schema.description}</p>
          <nav aria-label="About the API">
            <a href="openapi.json">API description</a> <a href="schema">Schema</a> <a href="health">Health</a>
          </nav>
        </footer>
        ${raw(`<script type="module">${script}</script>`)}
      </body>
    </html>`;
}

const languages = { curl: "curl", typescript: "TypeScript", python: "Python" };

const codeCard = html`<section class="card code" aria-labelledby="code-title">
  <h2 id="code-title">The same request as code</h2>
  <div class="tabs">
    <div role="tablist" aria-labelledby="code-title">
      ${Object.entries(languages).map(
        ([id, label], index) =>
          html`<button
            type="button"
            role="tab"
            id="tab-${id}"
            data-language="${id}"
            aria-controls="snippet"
            aria-selected="${index === 0 ? "true" : "false"}"
            tabindex="${index === 0 ? "0" : "-1"}"
          >
            ${label}
          </button>`,
      )}
    </div>
    <button type="button" id="copy">Copy</button>
  </div>
  <pre id="snippet" role="tabpanel" aria-labelledby="tab-curl" tabindex="0"><code></code></pre>
  <p class="help">It takes the key from the environment variable <code>API_KEY</code>.</p>
</section>`;

/** An interval with the value in it: what the page is about. */
const mark = html`<svg viewBox="0 0 32 32" aria-hidden="true">
  <rect class="band" x="2" y="11" width="28" height="10" rx="5" />
  <circle class="dot" cx="13" cy="16" r="6" />
</svg>`;

const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="2" y="11" width="28" height="10" rx="5" ' +
    'fill="#9dc1ee"/><circle cx="13" cy="16" r="6" fill="#0b62c4"/></svg>',
)}`;
