/** GitHub takes no longer body of a comment or an issue. */
const maxCharacters = 65_536;
const detailsEnd = "\n\n</details>";

/**
 * A body as GitHub takes it: its hidden mark first, and cut at the end of a line when it is too long.
 * @param whole where all of it is to be had, for the note in a body that was cut.
 */
export function fitBody(mark: string, markdown: string, whole: string): string {
  const body = `${mark}\n${markdown.trim()}\n`;
  if (body.length <= maxCharacters) return body;
  const note = `\n\n**Cut here:** GitHub takes ${maxCharacters.toLocaleString("en-US")} characters. ${whole}\n`;
  const room = body.slice(0, maxCharacters - note.length - detailsEnd.length);
  const lines = room.slice(0, room.lastIndexOf("\n"));
  const isOpen = lines.split("<details>").length > lines.split("</details>").length;
  return `${lines}${isOpen ? detailsEnd : ""}${note}`;
}

/** What a body begins with, so that it is found again; GitHub does not show it. */
export const hiddenMark = (...names: string[]): string => `<!-- slipway ${names.join(" ")} -->`;
