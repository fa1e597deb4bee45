/** Characters of names in an audit event. */
const MAX_LENGTH = 1000;

/** Names of groups for an audit event: as JSON, since they can have spaces; cut if too long. */
export function auditedNames(names: readonly string[]): string {
  const text = JSON.stringify(names);
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}… (${names.length})`;
}
