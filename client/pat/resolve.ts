/** Finds the token that a user names. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { findByName, nameKey } from "../../shared/name_key.ts";
import { isUuid } from "../../shared/uuid.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatIsoTime, isActive } from "./format.ts";
import type { TokenApi } from "./api.ts";
import { replacedBy } from "./rotation_chain.ts";
import type { PersonalAccessToken } from "./token.ts";
import { prefixOfSecret } from "./token_prefix.ts";

export interface ResolvedToken {
  token: PersonalAccessToken;
  /** Tokens that it replaced and that still work, until they expire. */
  stillActive: PersonalAccessToken[];
}

/**
 * Resolves `name`: an id, a name, or a prefix as lists show it. Of a whole secret only the
 * prefix is sent. Among several with one name the active ones count, and of a token that was
 * rotated the newest. `owner` is an account's name, for administrators; else the tokens are
 * the caller's own. Throws ClientError where there is no such token, or more than one.
 */
export async function resolveToken(
  api: TokenApi,
  name: string,
  owner: string | undefined,
  io: Pick<ClientIo, "clock" | "timeZone">,
): Promise<ResolvedToken> {
  const { clock } = io;
  const byId = isUuid(name.toLowerCase()) ? await api.find(name.toLowerCase()) : undefined;
  if (byId !== undefined && isOwnedBy(byId, owner)) return { token: byId, stillActive: [] };
  const prefix = prefixOfSecret(name) ?? name;
  const tokens = (await api.list({ search: name.normalize("NFC"), all: owner !== undefined }))
    .filter((token) => isOwnedBy(token, owner));
  const namesakes = findByName(tokens, name, (token) => token.name);
  const matches = tokens.filter((token) => namesakes.includes(token) || token.prefix === prefix);
  const active = matches.filter((token) => isActive(token, clock));
  const candidates = newest(active.length > 0 ? active : matches, matches);
  if (candidates.length === 1) {
    const [token] = candidates;
    const stillActive = replacedBy(token, matches).filter((older) => isActive(older, clock));
    return { token, stillActive };
  }
  throw new ClientError(
    candidates.length === 0 ? "token_not_found" : "several_tokens",
    candidates.length === 0 ? noSuchToken(name, owner) : severalTokens(name, candidates, io),
  );
}

function isOwnedBy(token: PersonalAccessToken, owner: string | undefined): boolean {
  return owner === undefined || nameKey(token.owner.username) === nameKey(owner);
}

/** Without those that another of `candidates` replaced. */
function newest(
  candidates: readonly PersonalAccessToken[],
  known: readonly PersonalAccessToken[],
): PersonalAccessToken[] {
  const replaced = new Set(
    candidates.flatMap((token) => replacedBy(token, known)).map(({ id }) => id),
  );
  return candidates.filter(({ id }) => !replaced.has(id));
}

/** A name as messages may show it: not a whole secret. */
export function displayName(name: string): string {
  const prefix = prefixOfSecret(name);
  return prefix === undefined ? sanitizeLine(name) : `${sanitizeLine(prefix)}…`;
}

function noSuchToken(name: string, owner: string | undefined): string {
  const list = `${brand.binaryName} pat list`;
  return owner === undefined
    ? `There is no token ${displayName(name)}. To see your tokens, run: ${list}. ` +
      `For a service account's token, administrators add --owner ACCOUNT.`
    : `${sanitizeLine(owner)} has no token ${displayName(name)}. Run: ${list} --owner ${
      sanitizeLine(owner)
    }`;
}

function severalTokens(
  name: string,
  candidates: readonly PersonalAccessToken[],
  io: Pick<ClientIo, "timeZone">,
): string {
  return `Several tokens are called ${displayName(name)}. Use an id:` +
    candidates.map(({ id, prefix, createdAt }) =>
      `\n  ${sanitizeLine(id)}  ${sanitizeLine(prefix)}…  created ${formatIsoTime(createdAt, io)}`
    ).join("");
}
