/** A page of docs/, parsed once for rendering, links and search. */
import { marked, type Token, type Tokens } from "marked";

export interface Heading {
  depth: number;
  text: string;
  id: string;
}

export interface Page {
  /** From docs/, such as `deploy/vm.md`. */
  path: string;
  htmlPath: string;
  title: string;
  markdown: string;
  tokens: Token[];
  headings: Heading[];
  links: string[];
}

export function parsePage(path: string, markdown: string): Page {
  const tokens = marked.lexer(markdown.replaceAll(/<!--[^]*?-->\n*/g, ""));
  const headings: Heading[] = [];
  const links: string[] = [];
  const count = new Map<string, number>();
  marked.walkTokens(tokens, (token) => {
    if (token.type === "link" || token.type === "image") links.push(token.href);
    if (token.type !== "heading") return;
    const text = plainText((token as Tokens.Heading).tokens);
    const base = headingId(text);
    const used = count.get(base) ?? 0;
    count.set(base, used + 1);
    headings.push({ depth: token.depth, text, id: used === 0 ? base : `${base}-${used}` });
  });
  return {
    path,
    htmlPath: path.replace(/\.md$/, ".html"),
    title: headings[0]?.text ?? path,
    markdown,
    tokens,
    headings,
    links,
  };
}

/** As GitHub generates it. */
function headingId(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

/** The text of inline tokens without their markup. */
export function plainText(tokens: readonly Token[]): string {
  return tokens.map((token) => {
    if ("tokens" in token && token.tokens !== undefined) return plainText(token.tokens);
    if (token.type === "br") return " ";
    return decodeEntities("text" in token ? String(token.text) : "");
  }).join("");
}

function decodeEntities(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'").replaceAll("&amp;", "&");
}
