/** Which tokens have taken the place of which. */
import type { PersonalAccessToken } from "./api.ts";

/** Those of `known` that `token` has replaced, directly or over others, the newest first. */
export function replacedBy(
  token: PersonalAccessToken,
  known: readonly PersonalAccessToken[],
): PersonalAccessToken[] {
  const byId = new Map(known.map((each) => [each.id, each]));
  return chain(token, ({ rotated_from: older }) => older === null ? undefined : byId.get(older));
}

/** Those of `known` that have replaced `token`, directly or over others, the oldest first. */
export function replacementsOf(
  token: PersonalAccessToken,
  known: readonly PersonalAccessToken[],
): PersonalAccessToken[] {
  const byPredecessor = new Map(known.map((each) => [each.rotated_from, each]));
  return chain(token, ({ id }) => byPredecessor.get(id));
}

/** Each is met once, whatever a server says replaces what. */
function chain(
  start: PersonalAccessToken,
  next: (token: PersonalAccessToken) => PersonalAccessToken | undefined,
): PersonalAccessToken[] {
  const met = new Set([start.id]);
  const found: PersonalAccessToken[] = [];
  for (let token = next(start); token !== undefined && !met.has(token.id); token = next(token)) {
    met.add(token.id);
    found.push(token);
  }
  return found;
}
