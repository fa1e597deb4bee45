/**
 * `--scope`, in one notation for every command: repeatable, and each value may hold several
 * scopes with commas or spaces between them. For commander's `option`.
 */
export function collectScopes(value: string, previous: readonly string[] = []): string[] {
  const scopes = value.split(/[\s,]+/).filter((scope) => scope !== "");
  return [...new Set([...previous, ...scopes])];
}

/** Ends the help text of each `--scope`. */
export const SCOPE_NOTATION = "(repeatable, or comma-separated)";
