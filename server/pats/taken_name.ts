import { nameKey } from "../../shared/name_key.ts";
import { DomainError } from "../domain_error.ts";
import type { Transaction } from "../store/db/connect.ts";
import { listActiveNames } from "../store/pats/list.ts";
import { MAX_NAME_LENGTH } from "../store/users.ts";

/**
 * Why a token cannot have `name`: another active token of its owner has it. Undefined if none has.
 * Expired and revoked tokens do not count. A rotated token keeps its name until it expires.
 */
export async function checkNameIsFree(
  tx: Transaction,
  { id, ownerId, name, now }: { id: string; ownerId: string; name: string; now: Date },
): Promise<DomainError | undefined> {
  const others = (await listActiveNames(tx, ownerId, now)).filter((token) => token.id !== id);
  const taken = new Set(others.map((token) => token.nameKey));
  if (!taken.has(nameKey(name))) return undefined;
  const suggestedName = suggestName(name, taken);
  return new DomainError(
    "conflict",
    `There is already an active token named "${name}". Choose another name, such as ` +
      `"${suggestedName}", or rotate or revoke the existing token.`,
    { field: "name", suggestedName },
  );
}

/** The first of `ci-2`, `ci-3`, … that is not taken. Of `ci-2` it is `ci-3`, but dates stay whole. */
export function suggestName(name: string, takenKeys: ReadonlySet<string>): string {
  const numbered = /\D-([2-9]|[1-9]\d{1,3})$/u.exec(name);
  const stem = numbered === null ? name : name.slice(0, name.lastIndexOf("-"));
  for (let number = Number(numbered?.[1] ?? 1) + 1;; number++) {
    const suffix = `-${number}`;
    const shortened = [...stem].slice(0, MAX_NAME_LENGTH - suffix.length).join("").trimEnd();
    const suggestion = `${shortened}${suffix}`;
    if (!takenKeys.has(nameKey(suggestion))) return suggestion;
  }
}
