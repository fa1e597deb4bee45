import type { Clock } from "../../shared/clock.ts";
import { setExternalGroups } from "../access/external_groups.ts";
import { DomainError } from "../domain_error.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql } from "../store/db/connect.ts";
import type { Mail } from "../notifications/mail.ts";
import { deleteIdentity, type Identity } from "../store/identities.ts";
import { findIdentityProvider } from "../store/identity_providers.ts";
import { signOutSessionsOfIdentity } from "../store/sessions.ts";
import { hasWayToSignIn, lockActiveAdministrators, lockUser } from "../store/users.ts";
import { identityUnlinkedMail } from "./identity_mail.ts";
import { providerTitle } from "./templates.ts";

export interface UnlinkDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  mail: Pick<Mail, "send">;
}

/** Unlinks an account of a user who has another way to sign in. */
export async function unlinkIdentity(
  { sql, clock, issuer, mail }: UnlinkDeps,
  { identity, exceptSession, actor, address }: {
    identity: Pick<Identity, "id" | "userId" | "provider" | "issuer" | "subject">;
    /** Stays signed in. */
    exceptSession?: string;
    actor: string;
    address?: string;
  },
): Promise<true | DomainError> {
  const now = new Date(clock.now());
  const { id, userId, provider } = identity;
  const unlinked = await sql.begin(async (tx) => {
    // In the order of everything else that changes a user.
    await lockActiveAdministrators(tx);
    const user = await lockUser(tx, userId);
    if (!await deleteIdentity(tx, { id, userId })) {
      return new DomainError("not_found", "The account is not linked any more.");
    }
    if (!await hasWayToSignIn(tx, userId)) {
      // Rolls the deletion back.
      throw new DomainError(
        "conflict",
        "It is your only way to sign in. Add a passkey, a password or another account first.",
      );
    }
    // Also if another account of the provider stays: they may be those of this one. The next sign-in
    // with that one brings its own.
    await setExternalGroups(tx, { clock }, {
      userId,
      source: `idp:${provider}`,
      names: [],
      actor,
      address,
    });
    await signOutSessionsOfIdentity(tx, { identityId: id, except: exceptSession, now });
    await recordAuditEvent(tx, clock, {
      event: "identity.unlinked",
      actor,
      subject: userId,
      address,
      details: { provider, issuer: identity.issuer, sub: identity.subject },
    });
    const title = await findIdentityProvider(tx, provider);
    return { email: user?.email, title: title === undefined ? provider : providerTitle(title) };
  }).catch((error) => {
    if (error instanceof DomainError) return error;
    throw error;
  }) as { email?: string; title: string } | DomainError;
  if (unlinked instanceof DomainError) return unlinked;
  if (unlinked.email !== undefined) {
    const change = { provider: unlinked.title, at: now, address };
    mail.send(identityUnlinkedMail(unlinked.email, issuer, change));
  }
  return true;
}
