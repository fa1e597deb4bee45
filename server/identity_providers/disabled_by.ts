/** As `users.disabled_by` has it, if a report of this provider disabled the user. */
export function disabledByProvider({ name }: { name: string }): string {
  return `idp:${name}`;
}
