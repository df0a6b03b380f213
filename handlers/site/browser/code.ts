import { type Language, snippet } from "../playground/snippets";
import { urlOf } from "./api";
import { byId } from "./page";

const panel = byId("snippet");
const tabs = [...document.querySelectorAll<HTMLButtonElement>("[role=tab]")];
let record: Record<string, unknown> = {};

/** Shows the request for this record in the chosen language. */
export function showCode(asked: Record<string, unknown>): void {
  record = asked;
  const language = selected().dataset.language as Language;
  panel.querySelector("code")!.textContent = snippet(language, { url: urlOf("predict"), record });
}

const selected = () => tabs.find((tab) => tab.ariaSelected === "true")!;

function select(tab: HTMLButtonElement): void {
  for (const each of tabs) {
    each.ariaSelected = `${each === tab}`;
    each.tabIndex = each === tab ? 0 : -1;
  }
  panel.setAttribute("aria-labelledby", tab.id);
  showCode(record);
}

/** Tabs as the ARIA practices have them: arrows move, the tab key leaves. */
tabs.forEach((tab, index) => {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", ({ key }) => {
    const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
    const next = step ? tabs.at((index + step) % tabs.length) : undefined;
    if (!next) return;
    select(next);
    next.focus();
  });
});

const copy = byId<HTMLButtonElement>("copy");
let back: ReturnType<typeof setTimeout>;

copy.addEventListener("click", () => {
  const say = (text: string) => {
    copy.textContent = text;
    clearTimeout(back);
    back = setTimeout(() => (copy.textContent = "Copy"), 2000);
  };
  copyText(panel.textContent).then(
    () => say("Copied"),
    () => say("Select and copy"),
  );
});

/** Pages that came over plain HTTP have no clipboard; then the text is selected, for the user to copy. */
async function copyText(text: string): Promise<void> {
  getSelection()?.selectAllChildren(panel);
  await navigator.clipboard.writeText(text);
  getSelection()?.removeAllRanges();
}
