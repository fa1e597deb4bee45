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
  "refresh_token.replayed": login,
  "authorization_code.replayed": login,
  "logins.all_revoked": ({ subject: id }) => [{ kind: "user_logins", id }],
  "password.changed": ({ subject: id }) => [{ kind: "user_logins", id }],
  "token.revoked": ({ subject: id }) => [{ kind: "token", id }],
  "token.leaked": ({ subject: id }) => [{ kind: "token", id }],
  "token.rotated": ({ details: { owner, name } }) =>
    typeof owner === "string" && typeof name === "string"
      ? [{ kind: "rotated_token", owner, name }]
      : [],
  "token.delegation_revoked": ({ subject, details: { token } }) =>
    typeof token === "string" ? [{ kind: "narrow_token", id: token, login: subject }] : [],
  "recovery_code.used": ({ subject: id }) => [{ kind: "recovery_codes", id }],
  "passkey.removed": ({ details: { passkey } }) =>
    typeof passkey === "string" ? [{ kind: "passkey", id: passkey }] : [],
  "user.disabled": disabled("user"),
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
  ...["password.changed", "user.deleted", "identity.unlinked", "totp.removed"],
  ...["second_factor.reset", "token.edited", "group.membership_changed", "group.removed"],
  ...["group.changed", "client.secret_rotated", "client.changed", "resource.removed"],
  ...["resource.changed", "trust_rule.changed", "directory.token_rotated"],
  ...["identity_provider.secret_changed", "identity_provider.changed", "token_format.removed"],
  ...["signing_key.rotated", "signing_key.removed", "consent.withdrawn"],
]);

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
    for (const revocation of REVOCATIONS[name]?.(event) ?? []) {
      revocations.set(keyOf(revocation), revocation);
    }
    const enabled = ENABLED[name];
    if (enabled !== undefined) revocations.delete(keyOf({ kind: enabled, id: subject }));
    const isChange = name === "user.changed" && (details.password === true ||
      details.admin === false);
    if (BY_HAND.has(name) || isChange) byHand.push({ time, event: name, subject });
  }
  return { revocations: [...revocations.values()], byHand, events: count };
}

function isRelevant({ event }: Event): boolean {
  return Object.hasOwn(REVOCATIONS, event) || Object.hasOwn(ENABLED, event) || BY_HAND.has(event) ||
    event === "user.changed";
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

function disabled(kind: Disabled) {
  return ({ subject: id }: Event): Revocation[] => [{ kind, id }];
}

function keyOf(revocation: Revocation): string {
  return JSON.stringify(revocation);
}
