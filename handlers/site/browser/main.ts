import { health, predict } from "./api";
import { showCode } from "./code";
import { clearErrors, markErrors, markKey } from "./errors";
import { showAnswer, showHint, showProblem } from "./outcome";
import { byId } from "./page";
import { recordOf } from "./record";

// Links and requests are relative to the page, which API Gateway serves without a slash at its end, too.
if (!location.pathname.endsWith("/")) history.replaceState(null, "", `${location.pathname}/`);

const form = byId<HTMLFormElement>("form");
const key = byId<HTMLInputElement>("api-key");
const answer = byId("answer");
const storedKey = "slipway-api-key";

key.value = sessionStorage.getItem(storedKey) ?? "";
key.addEventListener("input", () => sessionStorage.setItem(storedKey, key.value));

async function ask(): Promise<void> {
  if (answer.ariaBusy === "true") return;
  clearErrors(form);
  if (!key.value.trim()) return markKey("is needed: the team that runs this API gives it to you");
  answer.ariaBusy = "true";
  const found = await predict(recordOf(form), key.value.trim());
  answer.ariaBusy = "false";
  if ("prediction" in found) await showAnswer(found);
  else {
    const unplaced = markErrors(form, found.errors);
    if (found.status === 403) markKey("is not known here");
    await showProblem(found, unplaced);
  }
  // On a phone the answer is below the form; a field to correct comes first.
  if (!form.querySelector("[aria-invalid]")) answer.scrollIntoView({ block: "nearest" });
}

async function showStatus(): Promise<void> {
  const status = byId("status");
  const found = await health();
  status.hidden = false;
  status.className = `status ${"release" in found ? "good" : "bad"}`;
  status.textContent = "release" in found ? `Release ${found.release}` : found.title;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void ask();
});
form.addEventListener("input", () => showCode(recordOf(form)));
form.addEventListener("reset", () => {
  clearErrors(form);
  void showHint();
  setTimeout(() => {
    key.value = sessionStorage.getItem(storedKey) ?? ""; // starting over is about the record
    showCode(recordOf(form));
  });
});
for (const change of ["online", "offline"]) addEventListener(change, () => void showStatus());

showCode(recordOf(form));
void showStatus();
