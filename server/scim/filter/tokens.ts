import { badRequest } from "../error.ts";

/** A token of a filter or path (RFC 7644 figures 1 and 7). */
export type Token =
  | { kind: "word"; text: string }
  | { kind: "value"; value: string | number }
  | { kind: "(" | ")" | "[" | "]" };

/** Filters come in URLs and paths of changes: no directory sends longer ones. */
const MAX_LENGTH = 4_096;
const MAX_TOKENS = 400;

/**
 * The tokens of `text`. A name with a URN has colons, dots and digits, so that words are read up to
 * the next space, bracket or quotation mark.
 */
export function tokenize(text: string, scimType: "invalidFilter" | "invalidPath"): Token[] {
  if (text.length > MAX_LENGTH) {
    throw badRequest(scimType, `The text is longer than ${MAX_LENGTH} characters.`);
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at];
    if (character === " " || character === "\t") {
      at++;
    } else if ("()[]".includes(character)) {
      tokens.push({ kind: character as "(" | ")" | "[" | "]" });
      at++;
    } else if (character === '"') {
      const end = endOfString(text, at);
      tokens.push({ kind: "value", value: parseString(text.slice(at, end), scimType) });
      at = end;
    } else {
      const end = endOfWord(text, at);
      const word = text.slice(at, end);
      tokens.push(
        /^-?\d+(\.\d+)?$/.test(word)
          ? { kind: "value", value: Number(word) }
          : { kind: "word", text: word },
      );
      at = end;
    }
    if (tokens.length > MAX_TOKENS) {
      throw badRequest(scimType, "There are too many conditions. Send several requests.");
    }
  }
  return tokens;
}

/** After the closing quotation mark, or the end of the text if there is none. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !' \t()[]"'.includes(text[at])) at++;
  return at;
}

/** A string as in JSON (RFC 7644 figure 1: compValue). */
function parseString(literal: string, scimType: "invalidFilter" | "invalidPath"): string {
  try {
    const value: unknown = JSON.parse(literal);
    // PostgreSQL's text has no NUL.
    if (typeof value === "string" && !value.includes("\0")) return value;
  } catch {
    // Reported below.
  }
  throw badRequest(
    scimType,
    "A string is not complete. Enclose it in quotation marks, as in JSON.",
  );
}
