/** The element with this id, which the page has. */
export function byId<Element extends HTMLElement>(id: string): Element {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element ${id}`);
  return found as Element;
}

/** Puts a template that escapes into an element. */
export async function show(element: HTMLElement, content: unknown): Promise<void> {
  element.innerHTML = String(await content);
}
