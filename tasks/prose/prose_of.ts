/**
 * What of a file is prose: a copy of the same length in which everything else is NUL, so that an
 * offset in the copy is an offset in the file and a phrase may run over the lines of a comment.
 */
import { parse } from "@babel/parser";

const NUL = "\0";

/** A file's prose, and the names in its code with their offsets. */
export interface Prose {
  text: string;
  identifiers: { name: string; offset: number; isProperty: boolean }[];
}

export function proseOf(path: string, source: string): Prose {
  if (/\.tsx?$/.test(path)) return proseOfTypeScript(source, path.endsWith("x"));
  if (path.endsWith(".md")) return { text: proseOfMarkdown(source), identifiers: [] };
  return { text: endParagraphs(source), identifiers: [] };
}

/** Replaces all but line breaks, so that paragraphs and lines stay where they are. */
function blank(text: string, by: string): string {
  return text.replaceAll(/[^\n]/g, by);
}

/** No phrase runs over an empty line. */
function endParagraphs(text: string): string {
  return text.replaceAll(/\n(?=[ \t]*\n)/g, NUL);
}

export function proseOfMarkdown(source: string): string {
  const escapes = /<!--(?:(?!-->)[\s\S])*-->/g;
  const withoutCode = source
    .replaceAll(/^( *)(```+|~~~+)[\s\S]*?^ *\2`*$/gm, (block) => blank(block, NUL))
    .replaceAll(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, (code) => blank(code, NUL))
    .replaceAll(escapes, (comment) => blank(comment, NUL))
    .replaceAll(/\]\([^)\s]*\)/g, (target) => blank(target, NUL))
    .replaceAll(/<(?!img\b)\/?[a-z][^>]*>/g, (tag) => blank(tag, NUL))
    .replaceAll(/\bhttps?:\/\/\S+/g, (url) => blank(url, NUL))
    .replaceAll("|", NUL)
    .replaceAll(/^[ \t]*(?:[-*>]|\d+\.)(?= )/gm, (marker) => blank(marker, NUL))
    .replaceAll(/[*_]/g, "\u200b");
  return endParagraphs(withoutCode);
}

interface Token {
  type: string | { label: string };
  value?: unknown;
  start: number;
  end: number;
}

function proseOfTypeScript(source: string, isTsx: boolean): Prose {
  const { tokens, errors } = parse(source, {
    sourceType: "module",
    plugins: ["typescript", ...isTsx ? ["jsx" as const] : []],
    tokens: true,
    errorRecovery: true,
  });
  if (!tokens) throw new Error(`cannot be parsed: ${errors}`);
  const prose = [...blank(source, NUL)];
  const identifiers: Prose["identifiers"] = [];
  const keep = (start: number, end: number, text = source.slice(start, end)) => {
    for (let index = start; index < end; index++) prose[index] = text[index - start];
  };
  let previous: { kind: string; end: number } = { kind: "", end: 0 };
  let beforePrevious = previous;
  for (const token of tokens as Token[]) {
    const { start, end } = token;
    const kind = kindOf(token);
    const text = source.slice(start, end);
    if (kind === "line comment") {
      // Lines below each other are one text.
      if (previous.kind === kind && /^\s*$/.test(source.slice(previous.end, start))) {
        keep(previous.end, start, " ".repeat(start - previous.end));
      }
      keep(start, end, text.replace(/^\/+/, (marks) => " ".repeat(marks.length)));
    } else if (kind === "block comment") {
      keep(start, end, endParagraphs(withoutStars(text)));
    } else if (kind === "jsx text") {
      keep(start, end);
    } else if (kind === "string" && /\S\s+\S/.test(text)) {
      // A string without a space is a name or a code. Strings that are added up are one text.
      if (previous.kind === "+" && beforePrevious.kind === kind) {
        keep(beforePrevious.end - 1, start + 1, " ".repeat(start - beforePrevious.end + 2));
        keep(start + 1, end, withoutEscapes(text.slice(1)));
      } else {
        keep(start, end, withoutEscapes(text));
      }
    } else if (kind === "name") {
      identifiers.push({
        name: text,
        offset: start,
        isProperty: /\.\s*$/.test(source.slice(Math.max(0, start - 20), start)) ||
          /^\??\s*:/.test(source.slice(end, end + 20)),
      });
    }
    beforePrevious = previous;
    previous = { kind, end };
  }
  return { text: prose.join(""), identifiers };
}

function kindOf({ type, value }: Token): string {
  const label = typeof type === "string" ? type : type.label;
  if (label === "CommentLine") return "line comment";
  if (label === "CommentBlock") return "block comment";
  if (label === "jsxText") return "jsx text";
  // The pieces of a template are named "...${" and "...`".
  if (label === "string" || label.startsWith("...") || label === "template") return "string";
  return value === "+" ? "+" : label;
}

function withoutEscapes(literal: string): string {
  return literal.replaceAll(/\\[nrt]/g, "  ");
}

function withoutStars(comment: string): string {
  return comment.replaceAll(/^\s*\*(?!\/)|\/\*+|\*\//gm, (marks) => marks.replaceAll("*", " "))
    .replaceAll("/", NUL);
}
