/**
 * Compares what a command has printed with what a page shows. In the page `...` stands for anything within a line, or, alone
 * on it, for any lines; `<name>` for one word, the same wherever the name stands.
 * @param names what the names stand for; those that are new are added.
 * @throws Error with both texts when they differ.
 */
export function expectOutput(
  command: string,
  printed: string,
  shown: string,
  names: Map<string, string>,
): void {
  const text = plain(printed);
  const found = pattern(shown, names).exec(`${text}\n`);
  if (!found)
    throw new Error(`'${command}' printed\n${text}\n\nand the page shows\n${shown}${legend(names)}`);
  for (const [name, value] of Object.entries(found.groups ?? {})) names.set(name, value);
}

/** Without what a terminal shows only for a while: that long work still goes on. */
const plain = (printed: string) =>
  printed
    .replace(/^ {2}\S.*: .* \(\d+\.\d s\)\n/gm, "")
    .replace(/[ \t]+$/gm, "")
    .trimEnd();

function pattern(shown: string, names: Map<string, string>): RegExp {
  const met = new Set<string>();
  const word = (name: string) => {
    const known = names.get(name);
    if (known !== undefined) return escape(known);
    if (met.has(name)) return `\\k<${name}>`;
    met.add(name);
    return `(?<${name}>\\S+?)`;
  };
  const line = (text: string) =>
    text
      .trimEnd()
      .split(/(\.\.\.|<[a-z]+>)/)
      .map((part, index) =>
        index % 2 === 0 ? escape(part) : part === "..." ? ".*?" : word(part.slice(1, -1)),
      )
      .join("");
  const lines = shown.split("\n").map((text) => (text === "..." ? "(?:.*\\n)*?" : `${line(text)}\\n`));
  return new RegExp(`^${lines.join("")}$`);
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

const legend = (names: Map<string, string>) =>
  names.size === 0
    ? ""
    : `\n\nwhere ${[...names].map(([name, value]) => `<${name}> is ${value}`).join(", ")}`;
