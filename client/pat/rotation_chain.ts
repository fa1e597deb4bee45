/** Which token replaced which. */
import type { PersonalAccessToken } from "./token.ts";

/** Those of `known` that `token` replaced, directly or through others, the newest first. */
export function replacedBy(
  token: PersonalAccessToken,
  known: readonly PersonalAccessToken[],
): PersonalAccessToken[] {
  const byId = new Map(known.map((row) => [row.id, row]));
  return chain(
    token,
    ({ rotatedFrom }) => rotatedFrom === null ? undefined : byId.get(rotatedFrom),
  );
}

/** Those of `known` that replaced `token`, directly or through others, the oldest first. */
export function replacementsOf(
  token: PersonalAccessToken,
  known: readonly PersonalAccessToken[],
): PersonalAccessToken[] {
  const byPredecessor = new Map(known.map((row) => [row.rotatedFrom, row]));
  return chain(token, ({ id }) => byPredecessor.get(id));
}

/** Visits each token once, even if a server sends a cycle. */
function chain(
  start: PersonalAccessToken,
  next: (token: PersonalAccessToken) => PersonalAccessToken | undefined,
): PersonalAccessToken[] {
  const visited = new Set([start.id]);
  const tokens: PersonalAccessToken[] = [];
  for (let token = next(start); token && !visited.has(token.id); token = next(token)) {
    visited.add(token.id);
    tokens.push(token);
  }
  return tokens;
}
