/** `pat create` without `--scope`: a choice on a terminal, and nowhere else. */
import { brand } from "../../shared/brand.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import { shellWord } from "../../shared/shell_word.ts";
import { environmentSource } from "../auth/environment_token.ts";
import { selectLogin } from "../auth/select_login.ts";
import type { Selection } from "../auth/selection.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { styleFor } from "../output.ts";
import type { ScopeInfo } from "./scope_info.ts";
import { scopesOfLogin } from "./scopes.ts";

/** Mistakes after which the command ends. */
const MAX_ATTEMPTS = 3;
/** In characters. */
const MAX_NAME = 60;

/**
 * Asks which scopes a new token gets. A script has to name them: one that gets a token without
 * scopes would find out when it uses the token. Throws ClientError (usage).
 */
export async function chooseScopes(
  options: Selection & { name: string },
  io: ClientIo,
): Promise<string[]> {
  const isInteractive = io.stdinIsTerminal && io.stderrIsTerminal &&
    environmentSource(options, io) === undefined;
  if (!isInteractive) throw scopesRequired(options.name);
  const scopes = (await scopesOfLogin(await selectLogin(options, io), io))
    .filter(({ forTokens }) => forTokens !== false);
  if (scopes.length === 0) return [];
  const { bold } = styleFor(io);
  const digits = String(scopes.length).length;
  const names = scopes.map(({ name }) => sanitizeLine(name, MAX_NAME));
  const width = Math.max(...names.map(({ length }) => length));
  io.stderr("What may the token do?\n");
  for (const [index, { description }] of scopes.entries()) {
    const number = String(index + 1).padStart(digits);
    const padding = " ".repeat(width - names[index].length);
    const text = description === null ? "" : `${padding}  ${sanitizeLine(description, 200)}`;
    io.stderr(`  ${number}  ${bold(names[index])}${text}\n`);
  }
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const answer = await io.promptLine("Numbers or names, such as 1 3 (empty: none): ");
    if (answer === undefined) break;
    const { chosen, unknown } = readChoice(answer, scopes);
    if (unknown.length === 0) return chosen;
    io.stderr(`Not in the list: ${unknown.map((text) => sanitizeLine(text, 60)).join(", ")}.\n`);
  }
  throw scopesRequired(options.name);
}

/** `1 3`, `1,3`, `2-4` and names, mixed. */
function readChoice(
  answer: string,
  scopes: readonly ScopeInfo[],
): { chosen: string[]; unknown: string[] } {
  const names = scopes.map(({ name }) => name);
  const chosen = new Set<string>();
  const unknown: string[] = [];
  for (const word of answer.split(/[\s,]+/).filter((word) => word !== "")) {
    const [, first, last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(word) ?? [];
    const range = names.slice(Number(first) - 1, Number(last));
    if (names.includes(word)) chosen.add(word);
    else if (Number(first) >= 1 && Number(last) <= names.length && range.length > 0) {
      for (const name of range) chosen.add(name);
    } else unknown.push(word);
  }
  return { chosen: names.filter((name) => chosen.has(name)), unknown };
}

function scopesRequired(name: string): ClientError {
  const bin = brand.binaryName;
  const create = `${bin} pat create --name ${shellWord(sanitizeLine(name))}`;
  return new ClientError(
    "scope_required",
    `Say what the token may do: ${create} --scope SCOPES. To list the scopes, run: ` +
      `${bin} scopes. For a token that only identifies you: ${create} --scope ''`,
  );
}
