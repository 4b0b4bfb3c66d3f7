// A page of the documentation, read: its fenced blocks, code spans, links and headings.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import GithubSlugger from "github-slugger";
import { lexer, type Token, type Tokens, walkTokens } from "marked";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Every page, relative to the repository. */
export const PAGES: readonly string[] = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** A fenced block. Its info string: the language, `output`, `title=FILE`, `needs=WHAT` (docs/contributing.md). */
export interface Block {
  /** PAGE:LINE of its first fence. */
  where: string;
  language: string;
  /** Stands in what the commands before it print. */
  output: boolean;
  title?: string;
  needs?: string;
  /** Words of the info string that mean nothing. */
  unknown: string[];
  text: string;
}

export interface Page {
  path: string;
  blocks: Block[];
  /** Code between backquotes in the text. */
  spans: string[];
  /** Where links and pictures lead. */
  links: string[];
  anchors: Set<string>;
}

export function readPage(path: string): Page {
  const page: Page = { path, blocks: [], spans: [], links: [], anchors: new Set() };
  const slugger = new GithubSlugger();
  let line = 1;
  for (const token of lexer(readFileSync(root + path, "utf8"))) {
    if (token.type === "code") page.blocks.push(blockOf(token as Tokens.Code, `${path}:${line}`));
    walkTokens([token], (inner) => {
      if (inner.type === "codespan") page.spans.push(inner.text);
      if (inner.type === "link" || inner.type === "image") page.links.push(inner.href);
      if (inner.type === "heading") page.anchors.add(slugger.slug(plain(inner)));
      if (inner.type === "html")
        for (const [, link = ""] of inner.text.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g))
          page.links.push(link);
    });
    line += token.raw.split("\n").length - 1;
  }
  return page;
}

function blockOf({ lang = "", text }: Tokens.Code, where: string): Block {
  const [language = "", ...words] = lang.split(/\s+/);
  const block: Block = { where, language, output: false, unknown: [], text };
  for (const word of words) {
    const [, name, value = ""] = /^(title|needs)=(\S+)$/.exec(word) ?? [];
    if (name === "title" || name === "needs") block[name] = value;
    else if (word === "output") block.output = true;
    else block.unknown.push(word);
  }
  return block;
}

/** A heading without its markup, as GitHub makes an anchor of it. */
function plain(token: Token): string {
  if ("tokens" in token && token.tokens) return token.tokens.map(plain).join("");
  return "text" in token ? token.text : "";
}

/** Whether a link within the repository leads somewhere: the file is there, and the heading in it. */
export function resolves(link: string, from: string): boolean {
  const { pathname, hash } = new URL(link, `file:///${from}`);
  const path = decodeURIComponent(pathname.slice(1));
  if (!existsSync(root + path)) return false;
  return hash === "" || readPage(path).anchors.has(decodeURIComponent(hash.slice(1)));
}
