/** Which of the statements that ran are the product's: those that its sources can write. */
import { walk } from "./walk.ts";

const SERVER = new URL("../../server/", import.meta.url);

/** Parts of a statement that stand between its values, in order. */
interface Template {
  parts: readonly string[];
  /** The last part is the end of the statement. */
  closed: boolean;
}

/** Returns whether a statement, as pg_stat_statements has it, is in the sources of the server. */
export function productStatements(): (statement: string) => boolean {
  const templates = walk(SERVER).flatMap((path) =>
    templatesOf(Deno.readTextFileSync(new URL(path, SERVER)))
  );
  return (statement) => {
    const text = spaced(statement);
    // What PostgreSQL runs for a foreign key.
    if (/ ONLY "public"\./.test(text)) return true;
    return templates.some((template) => matches(text, template));
  };
}

function matches(statement: string, { parts, closed }: Template): boolean {
  if (!statement.startsWith(parts[0])) return false;
  let position = parts[0].length;
  for (const part of parts.slice(1)) {
    const at = statement.indexOf(part, position);
    if (at < 0) return false;
    position = at + part.length;
  }
  return !closed || statement.endsWith(parts.at(-1)!);
}

/** The templates of `sql` and `tx` in a source that start like a statement. */
function templatesOf(source: string): Template[] {
  const found: Template[] = [];
  for (const { index, 0: tag } of source.matchAll(/\b(?:sql|tx)(?:<[^`;]*>)?`/g)) {
    const literals = literalsOf(source, index + tag.length);
    if (!/^\s*(select|insert|update|delete|with)\b/.test(literals[0])) continue;
    const texts = literals.flatMap((literal) => literal.split(CONSTANT));
    const parts = texts.map(spaced).filter((text) => text !== "");
    found.push({ parts, closed: texts.at(-1)!.trim() !== "" });
  }
  return found;
}

/** What pg_stat_statements replaces with a parameter. */
const CONSTANT = /'[^']*'|\b\d+\b|\bnull\b|\btrue\b|\bfalse\b/;

/** The text between the values of the template that starts at `start`. */
function literalsOf(source: string, start: number): string[] {
  const literals = [""];
  for (let at = start; at < source.length && source[at] !== "`"; at++) {
    if (!source.startsWith("${", at)) {
      literals[literals.length - 1] += source[at];
      continue;
    }
    at = endOfValue(source, at + 2);
    literals.push("");
  }
  return literals;
}

/** The position of the brace that closes a value, which may contain templates itself. */
function endOfValue(source: string, start: number): number {
  for (let at = start, depth = 0; at < source.length; at++) {
    if (source[at] === "{") depth++;
    if (source[at] === "}" && depth-- === 0) return at;
    if (source[at] === "`") {
      for (at++; at < source.length && source[at] !== "`"; at++) {
        if (source.startsWith("${", at)) at = endOfValue(source, at + 2);
      }
    }
  }
  return source.length;
}

function spaced(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
