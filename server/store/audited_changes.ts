/** Said by the event itself. */
const SAID = ["createdAt"];
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
  const names = Object.keys(after)
    .filter((name) => !SAID.includes(name) && json(before[name]) !== json(after[name]))
    .toSorted();
  if (names.length === 0) return {};
  const changes = json(
    Object.fromEntries(
      names.map((name) => [name, { from: before[name] ?? null, to: after[name] ?? null }]),
    ),
  );
  return { changes: changes.length > MAX_LENGTH ? JSON.stringify(names) : changes };
}

/** What was removed, for the audit log: all values as they were. Call it without secrets. */
export function auditedRemoval(before: Readonly<Record<string, unknown>>): { changes?: string } {
  return auditedChanges(before, withoutValues(before));
}

/** For the values that `after` does not have any more. */
export function withoutValues(before: Readonly<Record<string, unknown>>): Record<string, null> {
  return Object.fromEntries(Object.keys(before).map((name) => [name, null]));
}

/** The same text for the same values: the database has keys in an order of its own. */
function json(value: unknown): string {
  return JSON.stringify(
    value ?? null,
    (_, member) => isPlainObject(member) ? sorted(member) : member,
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1));
}
