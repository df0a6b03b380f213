// The inbox page's script: shows new emails as they come, and answers to keys.

/** Fetches the page that is shown and swaps in its list; the email being read stays where it is. */
async function refresh() {
  const answer = await fetch(location.href);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("list");
  const list = document.getElementById("list");
  if (!fresh || fresh.innerHTML === list.innerHTML) return;
  const focused = list.contains(document.activeElement) && document.activeElement.getAttribute("href");
  const scroll = list.scrollTop;
  list.replaceChildren(...fresh.childNodes);
  list.scrollTop = scroll;
  if (focused) [...list.querySelectorAll("a")].find((row) => row.getAttribute("href") === focused)?.focus();
}

const events = new EventSource("/events");
events.addEventListener("email", () => void refresh());
events.addEventListener("open", () => void refresh()); // also after the inbox was restarted

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof HTMLInputElement) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const rows = [...document.querySelectorAll("a.row")];
  const here = rows.findIndex((row) => row === document.activeElement || row.ariaCurrent === "true");
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector("input[type=search]").select();
  } else if (event.key === "Escape" && document.body.classList.contains("reading")) {
    location.assign(`/${location.search}`);
  } else if (event.key === "j" || event.key === "k") {
    const next = rows[Math.min(rows.length - 1, Math.max(0, here + (event.key === "j" ? 1 : -1)))];
    if (next && next.ariaCurrent !== "true") location.assign(next.href);
  }
});
