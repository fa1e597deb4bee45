import { DomainError } from "../domain_error.ts";
import {
  endSessionsSince,
  revokeLoginsSince,
  revokeTokensSince,
} from "../logins/end_restored_access.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import { revokeDelegatedTokens } from "../store/delegated_tokens.ts";
import {
  deleteRestoredPasskeys,
  deleteRestoredRecoveryCodes,
  type Disabled,
  endOpenThings,
  listEnabled,
  recordRestore,
} from "../store/restores.ts";
import { setClientDisabled } from "./client_operations.ts";
import { setDirectoryDisabled } from "./directory_operations.ts";
import { setIdentityProviderDisabled } from "./identity_providers/operations.ts";
import { nestedTransaction } from "./nested_transaction.ts";
import { REMOVED_KEY } from "../validation/token_validator.ts";
import type { AdminDeps, Operation } from "./operation.ts";
import { setServiceAccountDisabled } from "./service_account_operations.ts";
import { setRuleDisabled } from "./trust/disable_rule.ts";
import { setUserDisabled } from "./user_operations.ts";

/** Something that an audit event after the time of a backup names. */
export type Revocation =
  | {
    kind: "login" | "user_logins" | "token" | "recovery_codes" | "passkey" | "signing_key";
    id: string;
  }
  | { kind: "narrow_token"; id: string; login: string }
  | { kind: "rotated_token"; owner: string; name: string }
  | { kind: Disabled; id: string };

export interface RevokeSinceParams {
  /** The time of the backup, ISO 8601. */
  since: string;
  dryRun: boolean;
  /** Whether to end what is open or signed in: once, however many calls there are. */
  always: boolean;
  /** What audit events name. */
  revocations: Revocation[];
  /** What there was at that time, without exception. */
  allLogins: boolean;
  allTokens: boolean;
  recoveryCodes: boolean;
}

/** Of each kind how many, and what was refused. */
export interface RevokedSince {
  counts: Record<string, number>;
  refused: { kind: string; id: string; message: string }[];
}

/**
 * How long after its time a backup may have begun, and how far clocks may differ: what was created
 * until then may be in it.
 */
const BEGIN_MS = 30_000;

/** Carries the result of a dry run out of the transaction that it rolls back. */
class DryRun extends Error {
  constructor(readonly result: RevokedSince) {
    super("dry run");
  }
}

/**
 * Ends what may have been revoked or used after the time of a backup that was restored. What has
 * no access any more is not counted: the same call again changes nothing. A dry run does the same in a
 * transaction that is rolled back.
 */
export const revokeSince: Operation<RevokeSinceParams, RevokedSince> = async (deps, params) => {
  try {
    const result = await deps.sql.begin(async (tx) => {
      await tx`set local statement_timeout = 0`;
      const result = await endAll(deps, tx, params);
      if (params.dryRun) throw new DryRun(result);
      return result;
    }) as RevokedSince;
    if (params.revocations.some(({ kind }) => kind === "signing_key")) {
      await deps.keys.reload();
      deps.tokenValidator?.invalidate(REMOVED_KEY);
    }
    return result;
  } catch (error) {
    if (error instanceof DryRun) return error.result;
    throw error;
  }
};

async function endAll(
  deps: AdminDeps,
  tx: Transaction,
  { since: time, always, revocations, allLogins, allTokens, recoveryCodes }: RevokeSinceParams,
): Promise<RevokedSince> {
  const backup = new Date(time);
  const now = new Date(deps.clock.now());
  const since = new Date(Math.min(now.getTime(), backup.getTime() + BEGIN_MS));
  const counts: Record<string, number> = {};
  const add = (kind: string, count: number) => counts[kind] = (counts[kind] ?? 0) + count;
  const refused: RevokedSince["refused"] = [];
  if (always) {
    await recordRestore(tx, { since: backup, now });
    for (const [kind, count] of Object.entries(await endOpenThings(tx, { since, now }))) {
      add(kind, count);
    }
    add("session", await endSessionsSince(tx, deps, since));
  }
  const disabling = revocations.flatMap((revocation) =>
    isDisabling(revocation) ? [revocation] : []
  );
  for (const { kind, id } of await listEnabled(tx, { since, things: disabling })) {
    const outcome = await DISABLE[kind]({ ...deps, sql: nestedTransaction(tx) }, id);
    if (outcome instanceof DomainError) refused.push({ kind, id, message: outcome.message });
    else add(kind, 1);
  }
  const idsOf = (kind: Revocation["kind"]) =>
    revocations.flatMap((revocation) =>
      revocation.kind === kind && "id" in revocation ? [revocation.id] : []
    );
  const logins = { ids: idsOf("login"), users: idsOf("user_logins") };
  add("login", await revokeLoginsSince(tx, deps, since, allLogins ? undefined : logins));
  const names = revocations.flatMap((revocation) =>
    revocation.kind === "rotated_token" ? [{ owner: revocation.owner, name: revocation.name }] : []
  );
  const tokens = { ids: idsOf("token"), names };
  add("token", await revokeTokensSince(tx, deps, since, allTokens ? undefined : tokens));
  for (const revocation of revocations) {
    if (revocation.kind !== "narrow_token") continue;
    const { login: loginId, id: jti } = revocation;
    const narrow = await revokeDelegatedTokens(tx, { loginId, jti, reason: "restored", now });
    add("narrow_token", narrow.length);
  }
  const users = recoveryCodes ? undefined : idsOf("recovery_codes");
  add("recovery_code", await deleteRestoredRecoveryCodes(tx, { since, users }));
  add("passkey", await deleteRestoredPasskeys(tx, { since, ids: idsOf("passkey") }));
  for (const kid of idsOf("signing_key")) {
    if (await removeRestoredKey(deps, tx, kid)) add("signing_key", 1);
  }
  const changed = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  if (Object.keys(changed).length > 0) {
    await recordAuditEvent(tx, deps.clock, {
      event: "database.revoked_since",
      actor: deps.actor ?? "operator",
      details: { since: backup.toISOString(), ...changed },
    });
  }
  return { counts, refused };
}

/**
 * Removes a signing key again. One that was added after the backup is not there; if it is outside of
 * the database, it must not come back either.
 */
async function removeRestoredKey(deps: AdminDeps, tx: Transaction, kid: string): Promise<boolean> {
  const state = await deps.keys.removeWithin(tx, kid, { evenIfUnknown: true });
  if (state === undefined) return false;
  await recordAuditEvent(tx, deps.clock, {
    event: "signing_key.removed",
    actor: deps.actor ?? "operator",
    subject: kid,
    details: { state, reason: "restored" },
  });
  return true;
}

type Disabling = { kind: Disabled; id: string };

function isDisabling(revocation: Revocation): revocation is Disabling {
  return Object.hasOwn(DISABLE, revocation.kind);
}

const DISABLE: Record<
  Disabled,
  (deps: AdminDeps, id: string) => Promise<unknown>
> = {
  user: (deps, id) => setUserDisabled(deps, { email: id, disabled: true }),
  service_account: (deps, id) => setServiceAccountDisabled(deps, { name: id, disabled: true }),
  client: (deps, id) => setClientDisabled(deps, { id, disabled: true }),
  trust_rule: (deps, id) => setRuleDisabled(deps, { name: id, disabled: true }),
  directory: (deps, id) => setDirectoryDisabled(deps, { name: id, disabled: true }),
  identity_provider: (deps, id) => setIdentityProviderDisabled(deps, { name: id, disabled: true }),
};
