/** Which tokens have taken the place of which. */
import type { PersonalAccessToken } from "./personal_access_tokens.ts";

/** Those of `known` that `token` has replaced, directly or over others, the newest first. */
export function replacedBy(
  token: PersonalAccessToken,
  known: readonly PersonalAccessToken[],
): PersonalAccessToken[] {
  const older = known.find(({ id }) => id === token.rotated_from);
  return older === undefined ? [] : [older, ...replacedBy(older, without(token, known))];
}

/** Those of `known` that have replaced `token`, directly or over others, the oldest first. */
export function replacementsOf(
  token: PersonalAccessToken,
  known: readonly PersonalAccessToken[],
): PersonalAccessToken[] {
  const newer = known.find(({ rotated_from: older }) => older === token.id);
  return newer === undefined ? [] : [newer, ...replacementsOf(newer, without(token, known))];
}

/** Each is met once, whatever a server says replaces what. */
function without(token: PersonalAccessToken, known: readonly PersonalAccessToken[]) {
  return known.filter(({ id }) => id !== token.id);
}
