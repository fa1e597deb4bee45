import type { Clock } from "../../shared/clock.ts";
import { sanitizeLine } from "../../shared/sanitize.ts";
import type { Mail } from "../notifications/mail.ts";
import type { Encryption } from "../security/encryption.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Sql, Transaction } from "../store/db/connect.ts";
import { lockMemberships } from "../store/groups.ts";
import { type ClaimsSummary, insertIdentity, recordUpstreamSignIn } from "../store/identities.ts";
import type { IdentityProvider } from "../store/identity_providers.ts";
import { queueSignIn } from "../store/queued_sign_ins.ts";
import {
  createUser,
  findUser,
  lockUser,
  MAX_NAME_LENGTH,
  setDisabledAt,
  type User,
} from "../store/users.ts";
import type { UpstreamAccount } from "./account.ts";
import { decideAdmission, domainFailure } from "./decide_admission.ts";
import { disabledByProvider } from "./disabled_by.ts";
import { UpstreamFailure } from "./failure.ts";
import { identityLinkedMail } from "./identity_mail.ts";
import { refreshTokenPlace, seal } from "./sealed_text.ts";
import { storeProviderGroups } from "./store_groups.ts";
import { providerTitle } from "./templates.ts";

/** Sign-ins of one provider that wait for an administrator. */
const MAX_QUEUED = 1000;

export interface AdmitDeps {
  sql: Sql;
  clock: Clock;
  issuer: string;
  encryption: Encryption;
  mail: Pick<Mail, "send">;
}

/** The user of an account at a provider, and the link between them. */
export interface Admitted {
  user: User;
  identityId: string;
  /** Whether the user had an account before it was linked: they are notified. */
  isLinked?: true;
}

/** Another request has linked the account or taken the address at the same time. */
class Outdated extends Error {
  override readonly name = "Outdated";
}

/** Lets an account of a provider sign in: links it or creates its user as the provider's settings say. */
export async function admitAccount(
  deps: AdmitDeps,
  provider: IdentityProvider,
  account: UpstreamAccount,
  { address }: { address: string },
): Promise<Admitted | UpstreamFailure> {
  const attempt = () =>
    deps.sql.begin((tx) => admit(tx, deps, { provider, account, address })) as Promise<
      Admitted | UpstreamFailure
    >;
  const admitted = await attempt().catch((error) => {
    // What the other request has committed is visible now.
    if (error instanceof Outdated) return attempt();
    throw error;
  });
  return notify(deps, provider, admitted, address);
}

/** Mails the user whose account has another way to sign in now: it may not have been them. */
function notify<Result extends Admitted | UpstreamFailure>(
  { mail, issuer, clock }: AdmitDeps,
  provider: IdentityProvider,
  admitted: Result,
  address: string,
): Result {
  if ("isLinked" in admitted && admitted.isLinked) {
    const change = { provider: providerTitle(provider), at: new Date(clock.now()), address };
    mail.send(identityLinkedMail(admitted.user.email, issuer, change));
  }
  return admitted;
}

async function admit(
  tx: Transaction,
  deps: AdmitDeps,
  { provider, account, address }: {
    provider: IdentityProvider;
    account: UpstreamAccount;
    address: string;
  },
): Promise<Admitted | UpstreamFailure> {
  const now = new Date(deps.clock.now());
  await lockMemberships(tx);
  const admission = await decideAdmission(tx, provider, account);
  switch (admission.outcome) {
    case "refuse":
      return admission.failure;
    case "queue":
      return await queue(tx, deps, { provider, account, address, email: admission.email });
    case "known": {
      const { user, identity } = admission;
      if (user.disabledAt !== undefined && !await enableAgain(tx, deps, provider, user, address)) {
        throw new Outdated();
      }
      const visit = { provider, account, userId: user.id, identityId: identity.id, address };
      await recordVisit(tx, deps, visit);
      return { user: await findUser(tx, user.id) ?? user, identityId: identity.id };
    }
    case "link": {
      const user = await lockUser(tx, admission.user.id);
      if (user === undefined || user.disabledAt !== undefined) throw new Outdated();
      return { ...await link(tx, deps, { provider, account, user, address }), isLinked: true };
    }
    case "create": {
      const { email } = admission;
      const name = userName(account);
      const user = await createUser(tx, { email, emailVerified: true, name, isAdmin: false, now });
      if (user === "email_taken") throw new Outdated();
      await recordAuditEvent(tx, deps.clock, {
        event: "user.created",
        actor: user.id,
        subject: user.id,
        address,
        details: { admin: false, provider: provider.name },
      });
      return await link(tx, deps, { provider, account, user, address });
    }
  }
}

/** Links an account to the user who is signed in and asks for it. */
export async function linkAccount(
  deps: AdmitDeps,
  provider: IdentityProvider,
  account: UpstreamAccount,
  { userId, address }: { userId: string; address: string },
): Promise<Admitted | UpstreamFailure> {
  const linked = await deps.sql.begin(async (tx): Promise<Admitted | UpstreamFailure> => {
    await lockMemberships(tx);
    const user = await lockUser(tx, userId);
    if (user === undefined || user.disabledAt !== undefined) {
      return new UpstreamFailure("user_disabled", "The user is disabled or was deleted.");
    }
    const domain = domainFailure(provider, account, { isLinked: true });
    if (domain !== undefined) return domain;
    const admission = await decideAdmission(tx, provider, account);
    if (admission.outcome === "known") {
      return admission.user.id === userId
        ? { user, identityId: admission.identity.id }
        : new UpstreamFailure("linked_to_other_user", "The account is linked to another user.");
    }
    try {
      return { ...await link(tx, deps, { provider, account, user, address }), isLinked: true };
    } catch (error) {
      if (!(error instanceof Outdated)) throw error;
      return new UpstreamFailure("linked_to_other_user", "The account is linked to another user.");
    }
  }) as Admitted | UpstreamFailure;
  return notify(deps, provider, linked, address);
}

async function link(
  tx: Transaction,
  deps: AdmitDeps,
  { provider, account, user, address }: {
    provider: IdentityProvider;
    account: UpstreamAccount;
    user: User;
    address: string;
  },
): Promise<Admitted> {
  const identityId = await insertIdentity(tx, {
    provider: provider.name,
    issuer: account.issuer,
    subject: account.subject,
    userId: user.id,
    email: account.email,
    claims: summary(account),
    now: new Date(deps.clock.now()),
  });
  if (identityId === undefined) throw new Outdated();
  await recordAuditEvent(tx, deps.clock, {
    event: "identity.linked",
    actor: user.id,
    subject: user.id,
    address,
    details: { provider: provider.name, issuer: account.issuer, sub: account.subject },
  });
  await recordVisit(tx, deps, { provider, account, userId: user.id, identityId, address });
  return { user: await findUser(tx, user.id) ?? user, identityId };
}

/** Enables a user whom a report of this provider, and nothing else, had disabled. */
async function enableAgain(
  tx: Transaction,
  { clock }: AdmitDeps,
  provider: IdentityProvider,
  { id }: User,
  address: string,
): Promise<boolean> {
  const user = await lockUser(tx, id);
  if (user?.disabledBy !== disabledByProvider(provider)) return false;
  await setDisabledAt(tx, id, { disabled: false, now: new Date(clock.now()) });
  await recordAuditEvent(tx, clock, {
    event: "user.enabled",
    actor: id,
    subject: id,
    address,
    details: { provider: provider.name },
  });
  return true;
}

/** Stores what the provider said this time: address, name, groups and refresh token. */
async function recordVisit(
  tx: Transaction,
  deps: AdmitDeps,
  { provider, account, userId, identityId, address }: {
    provider: IdentityProvider;
    account: UpstreamAccount;
    userId: string;
    identityId: string;
    address: string;
  },
): Promise<void> {
  const { refreshToken, groups } = account;
  // Without the claim the user is in none: a provider that leaves it out may have removed the user.
  const visit = { identityId, userId, provider: provider.name, groups, actor: userId, address };
  if (!await storeProviderGroups(tx, deps, visit)) throw new Outdated();
  await recordUpstreamSignIn(tx, {
    id: identityId,
    email: account.email,
    claims: summary(account),
    refreshToken: !provider.recheck
      ? null
      : refreshToken === undefined
      ? undefined
      : seal(deps, refreshToken, refreshTokenPlace(identityId)),
    now: new Date(deps.clock.now()),
  });
}

async function queue(
  tx: Transaction,
  { clock }: AdmitDeps,
  { provider, account, address, email }: {
    provider: IdentityProvider;
    account: UpstreamAccount;
    address: string;
    email: string;
  },
): Promise<UpstreamFailure> {
  const queued = await queueSignIn(tx, {
    provider: provider.name,
    issuer: account.issuer,
    subject: account.subject,
    email,
    name: userName(account),
    claims: summary(account),
    now: new Date(clock.now()),
    limit: MAX_QUEUED,
  });
  if (queued === "full") {
    return new UpstreamFailure(
      "queue_full",
      `${MAX_QUEUED} first sign-ins with ${provider.name} wait for an administrator.`,
    );
  }
  if (queued.state === "denied") {
    return new UpstreamFailure("approval_denied", "An administrator has denied the sign-in.");
  }
  if (queued.state === "queued") {
    await recordAuditEvent(tx, clock, {
      event: "identity.queued",
      subject: queued.id,
      address,
      details: {
        provider: provider.name,
        issuer: account.issuer,
        sub: account.subject,
        email: sanitizeLine(email),
      },
    });
  }
  return new UpstreamFailure("waiting_for_approval", "The sign-in waits for an administrator.");
}

function summary({ name, username, emailVerified }: UpstreamAccount): ClaimsSummary {
  return { name, username, emailVerified };
}

/** The name of a new user: users can change it. */
function userName({ name, username, email = "" }: UpstreamAccount): string {
  return name ?? username ?? sanitizeLine(email.slice(0, email.lastIndexOf("@")), MAX_NAME_LENGTH);
}
