import { type MarkdownOptions, type MarkdownRenderer } from "vitepress";

type Transformer = NonNullable<MarkdownOptions["codeTransformers"]>[number];

const ignored = "vp-copy-ignore";

/** In a block of commands and what they print, the button copies the commands alone: what has the class stays out of it. */
export const commandsAlone: Transformer = {
  name: "commands-alone",
  line(node, number) {
    if (this.options.lang !== "console") return;
    const text = this.source.split("\n")[number - 1]!;
    const prompt = /^[$>] /.exec(text)?.[0];
    if (!prompt) this.addClassToHast(node, ignored);
    else {
      node.children = [
        {
          type: "element",
          tagName: "span",
          properties: { class: `${ignored} prompt` },
          children: [{ type: "text", value: prompt }],
        },
        {
          type: "element",
          tagName: "span",
          properties: {},
          children: [{ type: "text", value: text.slice(prompt.length) }],
        },
      ];
    }
  },
};

/** Indented blocks look as fenced ones do. */
export function fenceIndented(md: MarkdownRenderer): void {
  md.renderer.rules.code_block = (tokens, index, ...rest) => {
    tokens[index]!.info = "text";
    return md.renderer.rules.fence!(tokens, index, ...rest);
  };
}
