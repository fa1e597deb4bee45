import { mailDomain } from "./mail_domain.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import { findIdentityOf, type Identity, listIdentities } from "../store/identities.ts";
import type { IdentityProvider } from "../store/identity_providers.ts";
import { findUserByEmail, type User } from "../store/users.ts";
import type { UpstreamAccount } from "./account.ts";
import { disabledByProvider } from "./disabled_by.ts";
import { UpstreamFailure } from "./failure.ts";

/** What happens to an account at a provider that signs in. */
export type Admission =
  /** It is linked. */
  | { outcome: "known"; user: User; identity: Identity }
  /** It gets linked to the user with its address. */
  | { outcome: "link"; user: User }
  | { outcome: "create"; email: string }
  | { outcome: "queue"; email: string }
  | { outcome: "refuse"; failure: UpstreamFailure; user?: User };

/**
 * Decides on an account, and changes nothing: for sign-ins and for tests of a provider. An address
 * counts only if the provider vouches for it, and for the account of an existing user only if the
 * operator has named its domain too.
 */
export async function decideAdmission(
  sql: Sql | Transaction,
  provider: IdentityProvider,
  account: UpstreamAccount,
): Promise<Admission> {
  const { email } = account;
  const linked = await findIdentityOf(sql, account);
  const domain = domainFailure(provider, account, { isLinked: linked !== undefined });
  if (domain !== undefined) return { outcome: "refuse", failure: domain, user: linked?.user };
  if (linked !== undefined) {
    const { user, identity } = linked;
    return user.disabledAt === undefined || await isReportOutdated(sql, provider, user)
      ? { outcome: "known", user, identity }
      : refuse("user_disabled", "The user is disabled.", user);
  }
  // Before anything is looked up by the address, which could be anyone's.
  if (email === undefined || !account.emailVerified) {
    return refuse(
      "no_verified_address",
      email === undefined
        ? "The provider sent no e-mail address."
        : `The provider does not say that the address ${email} is verified.`,
    );
  }
  const user = await findUserByEmail(sql, email);
  if (user === undefined) return firstSignIn(provider, email);
  if (!provider.domains.includes(mailDomain(email) ?? "")) {
    return refuse(
      "address_taken",
      `There is a user with the address ${email}, and ${provider.name} is not trusted for its ` +
        "domain: use --allow-domain.",
      user,
    );
  }
  const others = await listIdentities(sql, { userId: user.id, provider: provider.name });
  if (others.length > 0) {
    return refuse(
      "subject_changed",
      `The user ${user.email} is linked to the subject ${others[0].subject}, not to ` +
        `${account.subject}.`,
      user,
    );
  }
  return user.disabledAt === undefined
    ? { outcome: "link", user }
    : refuse("user_disabled", "The user is disabled.", user);
}

/**
 * Whether only a report of this provider has disabled a user whom it lets sign in again. Of a user
 * with several accounts there, the report may be about another one than the one that signs in.
 */
async function isReportOutdated(
  sql: Sql | Transaction,
  provider: IdentityProvider,
  { id: userId, disabledBy }: User,
): Promise<boolean> {
  if (disabledBy !== disabledByProvider(provider)) return false;
  return (await listIdentities(sql, { userId, provider: provider.name })).length === 1;
}

/**
 * Whether the account belongs to the domains that the operator allows. A linked account need not
 * have an address, since its user has linked it.
 */
export function domainFailure(
  { domains, name }: Pick<IdentityProvider, "domains" | "name">,
  { email }: Pick<UpstreamAccount, "email">,
  { isLinked }: { isLinked: boolean },
): UpstreamFailure | undefined {
  if (domains.length === 0 || (email === undefined && isLinked)) return undefined;
  if (email === undefined) {
    return new UpstreamFailure("no_verified_address", "The provider sent no e-mail address.");
  }
  return domains.includes(mailDomain(email) ?? "") ? undefined : new UpstreamFailure(
    "domain_not_allowed",
    `The domain of ${email} is not allowed for ${name}.`,
  );
}

function firstSignIn({ firstSignIn, name }: IdentityProvider, email: string): Admission {
  switch (firstSignIn) {
    case "allow":
      return { outcome: "create", email };
    case "queue":
      return { outcome: "queue", email };
    case "refuse":
      return refuse(
        "not_linked",
        `There is no user with the address ${email}, and ${name} refuses first sign-ins.`,
      );
  }
}

function refuse(code: UpstreamFailure["code"], reason: string, user?: User): Admission {
  return { outcome: "refuse", failure: new UpstreamFailure(code, reason), user };
}
