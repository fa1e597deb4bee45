/** Longest text of the changes in an audit event; more only has their names. */
const MAX_LENGTH = 4000;

/**
 * What was changed, for the audit log: of each value that differs what it was and what it is, as
 * JSON. Call it without secrets and their hashes.
 */
export function auditedChanges(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): { changes?: string } {
  const names = Object.keys(after).filter((name) => json(before[name]) !== json(after[name]));
  if (names.length === 0) return {};
  const changes = JSON.stringify(
    Object.fromEntries(
      names.map((name) => [name, { from: before[name] ?? null, to: after[name] ?? null }]),
    ),
  );
  return { changes: changes.length > MAX_LENGTH ? JSON.stringify(names) : changes };
}

function json(value: unknown): string {
  return JSON.stringify(value ?? null);
}
