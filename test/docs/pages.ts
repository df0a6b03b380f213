import { marked, type Token, type Tokens } from "marked";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const docs = join(__dirname, "..", "..", "docs");

/** A page of `docs/`, taken apart. */
export interface Page {
  name: string;
  tokens: Token[];
}

export const readPage = (name: string): Page => ({
  name,
  tokens: marked.lexer(readFileSync(join(docs, name), "utf8")),
});

/** The chapters of the tutorial, in order. */
export const chapters = (): Page[] =>
  readdirSync(join(docs, "tutorial"))
    .filter((name) => /^\d-.*\.md$/.test(name))
    .sort()
    .map((name) => readPage(`tutorial/${name}`));

export const headings = ({ tokens }: Page, depth: number): string[] =>
  tokens
    .filter((token): token is Tokens.Heading => token.type === "heading" && token.depth === depth)
    .map(({ text }) => text);

/** Where all links of a page lead. */
export function links({ tokens }: Page): string[] {
  const found: string[] = [];
  void marked.walkTokens(tokens, (token) => {
    if (token.type === "link") found.push((token as Tokens.Link).href);
  });
  return found;
}

/** What is in the fenced blocks of one language. */
export const blocks = ({ tokens }: Page, language: string): string[] =>
  tokens
    .filter(
      (token): token is Tokens.Code => token.type === "code" && (token as Tokens.Code).lang === language,
    )
    .map(({ text }) => text);
