/** Who can have a scope, as commands and pages say it in a list of limits; nothing: all users. */
export function describeAudience(
  { roles, groups }: { roles: readonly string[] | null; groups: readonly string[] | null },
): string[] {
  const names = [...new Set([...roles ?? [], ...groups ?? []])];
  if ((roles === null && groups === null) || names.includes("user")) return [];
  const others = names.filter((name) => name !== "admin");
  if (others.length === 0) return ["administrators only"];
  const limited = `only the group${others.length === 1 ? "" : "s"} ${others.join(", ")}`;
  return [names.includes("admin") ? `${limited} and administrators` : limited];
}

/** What approving a scope needs, for the list of its limits. */
export function describeFactor(factor: string): string {
  return factor === "phr" ? "needs a passkey" : "needs a second factor";
}
