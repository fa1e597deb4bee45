import type { Clock } from "../../shared/clock.ts";
import { setExternalGroups } from "../access/external_groups.ts";
import type { Transaction } from "../store/db/connect.ts";
import { lockMemberships } from "../store/groups.ts";
import { lockIdentity } from "../store/identities.ts";
import { keepIdentityProvider } from "../store/identity_providers.ts";
import { lockUser } from "../store/users.ts";
import type { UpstreamAccount } from "./account.ts";

/**
 * Stores the groups that a provider says the account of an identity is in. Since it was asked, the
 * account may have been unlinked, or the provider removed or no longer asked for groups: then nothing
 * would take them away again, so they are not stored. False if the account is no longer linked.
 */
export async function storeProviderGroups(
  tx: Transaction,
  deps: { clock: Clock },
  { identityId, userId, provider: name, groups, ...causedBy }: {
    identityId: string;
    userId: string;
    /** The name of the provider. */
    provider: string;
    groups: NonNullable<UpstreamAccount["groups"]> | undefined;
    actor: string;
    address?: string;
  },
): Promise<boolean> {
  await lockMemberships(tx);
  // In the order of what unlinks an account.
  await lockUser(tx, userId);
  if (!await lockIdentity(tx, { id: identityId, userId })) return false;
  const provider = groups && await keepIdentityProvider(tx, name);
  if (groups === undefined || provider?.groupsClaim === undefined) return true;
  const source = `idp:${name}` as const;
  await setExternalGroups(tx, deps, { userId, source, names: groups.names, ...causedBy });
  return true;
}
