/** The words that name a token, and the token they mean. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { findByName, nameKey } from "../../shared/name_key.ts";
import { isUuid } from "../../shared/uuid.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { hasEnded, moment } from "./format.ts";
import type { PersonalAccessToken, TokenApi } from "./api.ts";
import { replacedBy } from "./rotation_chain.ts";
import { beginningOfSecret } from "./token_prefix.ts";

export interface NamedToken {
  token: PersonalAccessToken;
  /** Those it has replaced that work all the same, until their time is up. */
  stillWorking: PersonalAccessToken[];
}

/**
 * The token that `name` means: an id, a name, or a token's beginning as lists
 * show it; a whole token is known by its beginning and not sent. Of several with
 * one name those that still work are meant, and of a token that was rotated the
 * newest. `owner` is whose it is, for administrators; else it is the caller's own.
 * Throws ClientError where there is none, or more than one.
 */
export async function namedToken(
  api: TokenApi,
  name: string,
  owner: string | undefined,
  io: ClientIo,
): Promise<NamedToken> {
  const isId = isUuid(name.toLowerCase());
  const byId = isId ? await api.find(name.toLowerCase()) : undefined;
  if (byId !== undefined && isOf(byId, owner)) return { token: byId, stillWorking: [] };
  const beginning = beginningOfSecret(name) ?? name;
  const found = (await api.list({ search: name.normalize("NFC"), all: owner !== undefined }))
    .filter((each) => isOf(each, owner));
  const called = findByName(found, name, (each) => each.name);
  const fitting = found.filter((each) => called.includes(each) || each.prefix === beginning);
  const works = (each: PersonalAccessToken) => hasEnded(each, io) === undefined;
  const candidates = newest(fitting.some(works) ? fitting.filter(works) : fitting, fitting);
  if (candidates.length === 1) {
    const [token] = candidates;
    return { token, stillWorking: replacedBy(token, fitting).filter(works) };
  }
  throw new ClientError(
    EXIT.failure,
    candidates.length === 0 ? noSuchToken(name, owner) : severalTokens(name, candidates),
  );
}

function isOf(token: PersonalAccessToken, owner: string | undefined): boolean {
  return owner === undefined || nameKey(token.owner.username) === nameKey(owner);
}

/** Without those that another one of `candidates` has replaced. */
function newest(
  candidates: readonly PersonalAccessToken[],
  known: readonly PersonalAccessToken[],
): PersonalAccessToken[] {
  const replaced = new Set(
    candidates.flatMap((each) => replacedBy(each, known)).map(({ id }) => id),
  );
  return candidates.filter(({ id }) => !replaced.has(id));
}

/** A name as messages may show it: not the whole of a secret. */
function shownName(name: string): string {
  const beginning = beginningOfSecret(name);
  return beginning === undefined ? sanitizeLine(name) : `${sanitizeLine(beginning)}…`;
}

function noSuchToken(name: string, owner: string | undefined): string {
  const list = `${brand.binaryName} pat list`;
  return owner === undefined
    ? `There is no token ${shownName(name)}. Yours are in: ${list}. ` +
      `Administrators name a service account's with --for.`
    : `${sanitizeLine(owner)} has no token ${shownName(name)}. Look in: ${list} --for ${
      sanitizeLine(owner)
    }`;
}

function severalTokens(name: string, candidates: readonly PersonalAccessToken[]): string {
  return `Several tokens are called ${shownName(name)}. Name one by its id:` +
    candidates.map(({ id, prefix, created_at: made }) =>
      `\n  ${sanitizeLine(id)}  ${sanitizeLine(prefix)}…  made ${moment(made)}`
    ).join("");
}
