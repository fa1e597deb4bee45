import { brand } from "../../../shared/brand.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { DomainError } from "../../domain_error.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Transaction } from "../../store/db/connect.ts";
import { insertIdentity } from "../../store/identities.ts";
import {
  denyQueuedSignIn as denyStoredSignIn,
  findQueuedSignIn,
  listQueuedSignIns as listStoredSignIns,
  type QueuedSignIn,
  takeQueuedSignIn,
} from "../../store/queued_sign_ins.ts";
import { createUser, type User } from "../../store/users.ts";
import { adminEvent } from "../admin_event.ts";
import type { IdentityProviderDeps } from "./operations.ts";

/** More than anyone decides on in one go. */
const MAX_LISTED = 1000;

/** A first sign-in that waits, as operators see it. */
export interface QueuedSignInView {
  id: string;
  provider: string;
  email: string;
  name: string;
  username: string | null;
  issuer: string;
  subject: string;
  createdAt: string;
  lastAttemptAt: string;
  deniedAt: string | null;
}

type QueueOperation<Params, Result> = (
  deps: IdentityProviderDeps,
  params: Params,
) => Promise<Result>;

export const listQueuedSignIns: QueueOperation<{ denied?: boolean }, QueuedSignInView[]> = async (
  { sql },
  { denied },
) => (await listStoredSignIns(sql, { limit: MAX_LISTED, denied })).map(toView);

/** By its id, or by the address if only one waits with it. */
export const showQueuedSignIn: QueueOperation<
  { request: string },
  QueuedSignInView | DomainError
> = async ({ sql }, { request }) => {
  const queued = await findQueuedSignIn(sql, request) ?? await findByEmail(sql, request);
  return queued instanceof DomainError ? queued : toView(queued);
};

/**
 * Creates the user of a first sign-in, who can sign in from now on. `email` is the address that the
 * decision is about; undefined: the one that it has now. Another attempt may have changed it.
 */
export const approveQueuedSignIn: QueueOperation<
  { request: string; email?: string },
  QueuedSignInView & { userId: string } | DomainError
> = async (deps, { request, email }) => {
  const waiting = await showQueuedSignIn(deps, { request });
  if (waiting instanceof DomainError) return waiting;
  return await deps.sql.begin(async (tx) => {
    const queued = await takeQueuedSignIn(tx, waiting.id);
    if (queued === undefined) throw noSuchRequest(request);
    if (queued.email !== (email ?? waiting.email)) {
      throw new DomainError(
        "conflict",
        `The account has the address ${sanitizeLine(queued.email)} by now. Look at the request ` +
          "again and decide on this address.",
      );
    }
    const user = await createApprovedUser(tx, deps, queued);
    const { provider, issuer, subject: sub } = queued;
    const details = { provider, issuer, sub };
    const events: Parameters<typeof adminEvent>[1][] = [
      { event: "user.created", subject: user.id, details: { admin: false, provider } },
      { event: "identity.linked", subject: user.id, details },
      { event: "identity.approved", subject: queued.id, details: { ...details, user: user.id } },
    ];
    for (const event of events) {
      await recordAuditEvent(tx, deps.clock, adminEvent(deps, event));
    }
    return { ...toView(queued), userId: user.id };
  }).catch(toFailure) as QueuedSignInView & { userId: string } | DomainError;
};

async function createApprovedUser(
  tx: Transaction,
  { clock }: IdentityProviderDeps,
  { provider, issuer, subject, email, name, claims }: QueuedSignIn,
): Promise<User> {
  const now = new Date(clock.now());
  // It was queued because the provider vouches for the address.
  const user = await createUser(tx, { email, emailVerified: true, name, isAdmin: false, now });
  if (user === "email_taken") {
    throw new DomainError(
      "conflict",
      `There is a user with the address ${
        sanitizeLine(email)
      } meanwhile. Deny this request, and ask ` +
        "the user to sign in as before and to link the account under “Sign-in methods”.",
    );
  }
  const identity = { provider, issuer, subject, userId: user.id, email, claims, now };
  if (await insertIdentity(tx, identity) === undefined) {
    throw new DomainError(
      "conflict",
      "The account is linked to a user meanwhile. Deny this request.",
    );
  }
  return user;
}

/** The account gets no user; later sign-ins with it are denied too, until 90 days after the last. */
export const denyQueuedSignIn: QueueOperation<
  { request: string },
  QueuedSignInView | DomainError
> = async (deps, { request }) => {
  const waiting = await showQueuedSignIn(deps, { request });
  if (waiting instanceof DomainError) return waiting;
  return await deps.sql.begin(async (tx) => {
    const now = new Date(deps.clock.now());
    const queued = await denyStoredSignIn(tx, { id: waiting.id, now });
    if (queued === undefined) throw noSuchRequest(request);
    const { provider, issuer, subject: sub } = queued;
    const event = {
      event: "identity.denied",
      subject: queued.id,
      details: { provider, issuer, sub },
    };
    await recordAuditEvent(tx, deps.clock, adminEvent(deps, event));
    return toView(queued);
  }).catch(toFailure) as QueuedSignInView | DomainError;
};

async function findByEmail(
  sql: IdentityProviderDeps["sql"],
  email: string,
): Promise<QueuedSignIn | DomainError> {
  const matching = (await listStoredSignIns(sql, { limit: MAX_LISTED, denied: true }))
    .filter((queued) => queued.email.toLowerCase() === email.toLowerCase());
  if (matching.length <= 1) return matching[0] ?? noSuchRequest(email);
  return new DomainError(
    "conflict",
    `${matching.length} requests have this address. Name one by its ID.`,
    { field: "request" },
  );
}

function toView(queued: QueuedSignIn): QueuedSignInView {
  return {
    id: queued.id,
    provider: queued.provider,
    email: queued.email,
    name: queued.name,
    username: queued.claims.username ?? null,
    issuer: queued.issuer,
    subject: queued.subject,
    createdAt: queued.createdAt.toISOString(),
    lastAttemptAt: queued.lastAttemptAt.toISOString(),
    deniedAt: queued.deniedAt?.toISOString() ?? null,
  };
}

function toFailure(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}

function noSuchRequest(request: string): DomainError {
  return new DomainError(
    "not_found",
    `There is no request ${sanitizeLine(request, 80)} that waits. ` +
      `To list all requests, run: ${brand.binaryName} admin idp queue`,
    { field: "request" },
  );
}
