import type { RegisteredResource } from "../resources/resource.ts";
import {
  countResourceBelongings,
  type ResourceBelongings,
  withdrawStoredResource,
} from "../store/resource_belongings.ts";
import type { Transaction } from "../store/db/connect.ts";

/**
 * Takes a resource that is removed from the logins, requests, tokens and clients that refer to it,
 * and returns how many that were; triggers of the database invalidate the caches. The caller
 * records the audit event.
 */
export async function withdrawResource(
  tx: Transaction,
  { name, identifier, scopes }: RegisteredResource,
  now: Date,
): Promise<ResourceBelongings> {
  const belongings = await countResourceBelongings(tx, { name, identifier }, now);
  await withdrawStoredResource(tx, {
    name,
    identifier,
    scopes: scopes.map((scope) => scope.name),
    now,
  });
  return belongings;
}
