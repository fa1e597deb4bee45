/**
 * Scopes (RFC 6749 section 3.3): space-separated, case-sensitive, in any order.
 * `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
 */
const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

/** Longest scope parameter we accept, in characters: keeps access tokens under 1 KB. */
export const MAX_SCOPE_LENGTH = 256;

/** The scope parameter as a list without repetitions, or undefined if it is malformed. */
export function parseScope(value: string): string[] | undefined {
  if (value === "") return [];
  if (value.length > MAX_SCOPE_LENGTH) return undefined;
  const tokens = value.split(" ").filter((token) => token !== "");
  if (!tokens.every((token) => SCOPE_TOKEN.test(token))) return undefined;
  return [...new Set(tokens)];
}

/** The names in a scope that was issued: any text between spaces. */
export function splitScope(scope: string): string[] {
  return scope.split(" ").filter((name) => name !== "");
}

/** A list of scopes as it travels on the wire. */
export function formatScope(scopes: readonly string[]): string {
  return scopes.join(" ");
}

/** What remains of a scope parameter within `allowed`; nothing of a malformed one. */
export function intersectScope(scope: string, allowed: readonly string[]): string {
  return formatScope((parseScope(scope) ?? []).filter((name) => allowed.includes(name)));
}

/** Those of `requested` that `granted` lacks, each once. */
export function missingScopes(requested: readonly string[], granted: readonly string[]): string[] {
  // Most requests need none.
  if (requested.length === 0) return [];
  return [...new Set(requested)].filter((name) => !granted.includes(name));
}
