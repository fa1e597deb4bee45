/** Which of the statements that ran are the product's: those that its sources can write. */
import { walk } from "./walk.ts";

const SERVER = new URL("../../server/", import.meta.url);
const TESTS = new URL("../", import.meta.url);
const MIGRATIONS = new URL("store/db/migrations/", SERVER);

/** Parts of a statement that stand between its values, in order. */
interface Template {
  parts: readonly string[];
  /** The last part is the end of the statement. */
  closed: boolean;
  length: number;
}

/**
 * Returns whether a statement, as pg_stat_statements has it, is one that a server that serves runs. If a test could
 * have written it too, the source that has more of its text counts.
 */
export function productStatements(): (statement: string) => boolean {
  const [product, tests] = [SERVER, TESTS].map((folder) =>
    walk(folder).flatMap((path) => templatesOf(Deno.readTextFileSync(new URL(path, folder))))
  );
  const migrations = walk(MIGRATIONS, "", "")
    .map((path) => spaced(Deno.readTextFileSync(new URL(path, MIGRATIONS))))
    .join(" ");
  const longest = (text: string, templates: Template[]) =>
    Math.max(0, ...templates.filter((template) => matches(text, template)).map((t) => t.length));
  return (statement) => {
    const text = spaced(statement);
    // What PostgreSQL runs for a foreign key.
    if (/ ONLY "public"\./.test(text)) return true;
    const [start] = text.split("$");
    if (start.length > 20 && migrations.includes(start)) return false;
    const length = longest(text, product);
    return length > 0 && length >= longest(text, tests);
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
  const templates: Template[] = [];
  for (const { index, 0: tag } of source.matchAll(/\b(?:sql|tx)(?:<[^`;]*>)?`/g)) {
    const literals = literalsOf(source, index + tag.length);
    if (!/^\s*(select|insert|update|delete|with)\b/.test(literals[0])) continue;
    const texts = literals.flatMap((literal) => literal.split(CONSTANT));
    const parts = texts.map(spaced).filter((text) => text !== "");
    const length = parts.join("").length;
    templates.push({ parts, closed: texts.at(-1)!.trim() !== "", length });
  }
  return templates;
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
