import { isUuid } from "../../shared/uuid.ts";
import type { Revocation } from "../admin/revoke_since.ts";
import type { Disabled } from "../store/restores.ts";

/** What an audit log says about the time after a backup. */
export interface AuditedRevocations {
  revocations: Revocation[];
  /** Changes that cannot be repeated from the log: the operator decides on each. */
  byHand: { time: string; event: string; subject: string }[];
  /** Events after the time of the backup. */
  events: number;
}

/** A line that is not an audit event, by its number. */
export class AuditFileError extends Error {
  override readonly name = "AuditFileError";
}

interface Event {
  time: string;
  event: string;
  subject: string;
  details: Record<string, unknown>;
}

const MAX_LINE_LENGTH = 1024 * 1024;

/** What ends when an event of this name is repeated. */
const REVOCATIONS: Record<string, (event: Event) => Revocation[]> = {
  "login.revoked": login,
  // Its token of the time of the backup is spent; only someone who copied it could still use it.
  "token.refreshed": login,
  "refresh_token.replayed": login,
  "authorization_code.replayed": login,
  "logins.all_revoked": userLogins,
  "password.changed": userLogins,
  "user.changed": (event) => event.details.password === true ? userLogins(event) : [],
  "token.revoked": ({ subject: id }) => [{ kind: "token", id }],
  "token.leaked": ({ subject: id }) => [{ kind: "token", id }],
  "token.rotated": ({ details: { owner, name } }) =>
    typeof owner === "string" && typeof name === "string"
      ? [{ kind: "rotated_token", owner, name }]
      : [],
  "token.delegation_revoked": ({ subject, details: { token } }) =>
    typeof token === "string" ? [{ kind: "narrow_token", id: token, login: subject }] : [],
  "recovery_code.used": recoveryCodes,
  // Those of the time of the backup were replaced by them.
  "recovery_codes.created": recoveryCodes,
  "passkey.removed": ({ details: { passkey } }) =>
    typeof passkey === "string" ? [{ kind: "passkey", id: passkey }] : [],
  "signing_key.removed": ({ subject: id }) => [{ kind: "signing_key", id }],
  // Enabling a user does not bring back the logins.
  "user.disabled": (event) => [...disabled("user")(event), ...userLogins(event)],
  "user.deleted": disabled("user"),
  "directory.user_removed": disabled("user"),
  "service_account.disabled": disabled("service_account"),
  "client.disabled": disabled("client"),
  "client.removed": disabled("client"),
  "trust_rule.disabled": disabled("trust_rule"),
  "trust_rule.removed": disabled("trust_rule"),
  "directory.disabled": disabled("directory"),
  "directory.removed": disabled("directory"),
  "identity_provider.disabled": disabled("identity_provider"),
  "identity_provider.removed": disabled("identity_provider"),
};

/** Events after which something is not disabled any more. */
const ENABLED: Record<string, Disabled> = {
  "user.enabled": "user",
  "service_account.enabled": "service_account",
  "client.enabled": "client",
  "trust_rule.enabled": "trust_rule",
  "trust_rule.restored": "trust_rule",
  "directory.enabled": "directory",
  "identity_provider.enabled": "identity_provider",
};

/** Changes that take access away in ways that the log does not describe completely. */
const BY_HAND = new Set([
  ...["password.changed", "user.deleted", "identity.unlinked", "totp.enrolled", "totp.removed"],
  ...["second_factor.reset", "token.edited", "group.membership_changed", "group.removed"],
  ...["group.changed", "client.secret_rotated", "client.changed", "resource.removed"],
  ...["resource.changed", "scope.changed", "scope.removed", "service_account.changed"],
  ...["trust_rule.changed", "directory.changed", "directory.token_rotated"],
  ...["directory.group_removed", "directory.group_renamed", "identity_provider.secret_changed"],
  ...["identity_provider.changed", "upstream.signals_changed", "token_format.removed"],
  ...["signing_key.rotated", "secret_key.rotated", "consent.withdrawn", "owner.changed"],
  ...["owner.transferred"],
]);

/**
 * Events that take no access away, except for logins that their details count. A test compares the
 * lists with the documentation; what is in none of them, such as an event of a later version, is
 * repeated by hand.
 */
const OTHERS = new Set([
  ...["account.exported", "audit.chain_changed", "audit.exported", "audit.read"],
  ...["audit_stream.missed", "file.adopted"],
  ...["file.applied", "access.refused", "database.backed_up", "database.moved"],
  ...["directory.token_refused", "notifications.tested"],
  ...["file.released", "server.started", "server.stopped", "settings.changed"],
  ...["database.copied", "database.restored", "database.revoked_since", "setup.used"],
  ...["user.created", "user.imported", "group.created", "client.created"],
  ...["client.document_changed", "resource.created", "scope.created", "service_account.created"],
  ...["trust_rule.created", "trust_request.approved", "trust_request.dismissed"],
  ...["token_format.created", "directory.created", "directory.group_created"],
  ...["directory.user_linked", "directory.request_rejected", "identity_provider.created"],
  ...["identity_provider.tested", "identity.linked", "identity.queued", "identity.approved"],
  ...["identity.denied", "address_link.created", "address_link.refused"],
  ...["password_link.created", "password_link.refused", "password.change_failed"],
  ...["signin.succeeded", "signin.failed", "signin.throttled", "signout", "session.ended"],
  ...["sessions.all_ended", "second_factor.failed", "second_factor.throttled"],
  ...["passkey.added", "passkey.renamed", "passkey.counter_mismatch", "login.succeeded"],
  ...["login.renamed", "device.code_entered", "device.code_unknown", "device.code_throttled"],
  ...["device.approved", "device.denied", "device.restricted", "authorization.approved"],
  ...["authorization.denied", "authorization_code.rejected", "token.created", "token.imported"],
  ...["token.delegated", "token.exchanged", "token.expiring", "token.refused"],
  ...["introspection.refused", "workload.token_issued", "workload.refused"],
  ...["signing_key.imported", "upstream.logout", "upstream.logout_rejected"],
  ...["upstream.account_rejected", "upstream.account_gone", "upstream.event_received"],
  ...["upstream.event_ignored", "upstream.event_rejected", "upstream.events_verified"],
]);

/** Whether it is known what an event of this name means after a restore. */
export function isKnownEvent(event: string): boolean {
  return Object.hasOwn(REVOCATIONS, event) || Object.hasOwn(ENABLED, event) || BY_HAND.has(event) ||
    OTHERS.has(event);
}

/**
 * Reads the audit events after `since`, one JSON object a line as `admin audit --json` prints them,
 * and returns what they revoked or disabled. The last event about the same thing counts. Throws AuditFileError.
 */
export async function readRevocations(
  lines: AsyncIterable<string>,
  since: Date,
): Promise<AuditedRevocations> {
  const revocations = new Map<string, Revocation>();
  const byHand: AuditedRevocations["byHand"] = [];
  const events: Event[] = [];
  let [number, count] = [0, 0];
  for await (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    const event = parseEvent(line, number);
    if (Date.parse(event.time) <= since.getTime()) continue;
    count++;
    if (isRelevant(event)) events.push(event);
  }
  events.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
  for (const event of events) {
    const { time, event: name, subject, details } = event;
    for (const revocation of revocationsOf(event)) {
      revocations.set(keyOf(revocation), revocation);
    }
    const enabled = ENABLED[name];
    if (enabled !== undefined) revocations.delete(keyOf({ kind: enabled, id: subject }));
    const isChange = name === "user.changed" && (details.password === true ||
      details.admin === false || details.email_from !== undefined);
    if (BY_HAND.has(name) || isChange || !isKnownEvent(name)) {
      byHand.push({ time, event: name, subject });
    }
  }
  return { revocations: [...revocations.values()], byHand, events: count };
}

function isRelevant(event: Event): boolean {
  return !OTHERS.has(event.event) || hasRevokedLogins(event);
}

function revocationsOf(event: Event): Revocation[] {
  const named = Object.hasOwn(REVOCATIONS, event.event) ? REVOCATIONS[event.event](event) : [];
  return hasRevokedLogins(event) ? [...named, ...userLogins(event)] : named;
}

/** Such as a logout at an identity provider, or its report that someone else knows the password. */
function hasRevokedLogins({ subject, details: { logins } }: Event): boolean {
  return typeof logins === "number" && logins > 0 && isUuid(subject);
}

function parseEvent(line: string, number: number): Event {
  const wrong = (what: string) =>
    new AuditFileError(
      `line ${number} ${what}. Write the file with: admin audit --json --since TIME`,
    );
  if (line.length > MAX_LINE_LENGTH) throw wrong("is too long for an audit event");
  let value: Record<string, unknown>;
  try {
    value = Object(JSON.parse(line));
  } catch {
    throw wrong("is not JSON");
  }
  const { time, event, subject, details } = value;
  if (typeof time !== "string" || Number.isNaN(Date.parse(time)) || typeof event !== "string") {
    throw wrong("is not an audit event: it needs time and event");
  }
  return {
    time,
    event,
    subject: typeof subject === "string" ? subject : "",
    details: Object(details),
  };
}

function login({ subject: id }: Event): Revocation[] {
  return [{ kind: "login", id }];
}

function userLogins({ subject: id }: Event): Revocation[] {
  return [{ kind: "user_logins", id }];
}

function recoveryCodes({ subject: id }: Event): Revocation[] {
  return [{ kind: "recovery_codes", id }];
}

function disabled(kind: Disabled) {
  return ({ subject: id }: Event): Revocation[] => [{ kind, id }];
}

function keyOf(revocation: Revocation): string {
  return JSON.stringify(revocation);
}
