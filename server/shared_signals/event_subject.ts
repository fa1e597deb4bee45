/** Whom a security event is about: subject identifiers (RFC 9493) and what came before them. */
import { nameKey } from "../../shared/name_key.ts";
import type { ReportedSubject } from "../store/provider_signals.ts";
import { identifier, object } from "./token_claims.ts";

/** Identifiers of one subject that are looked at (RFC 9493 section 3.2.8). */
const MAX_IDENTIFIERS = 10;

export interface SubjectContext {
  /** Of the accounts of this provider. */
  issuer: string;
  /** Of the security event tokens, if it is another one. */
  eventsIssuer?: string;
  /** Whether the operator trusts the provider for an address, which then identifies a user. */
  isTrustedFor(email: string): boolean;
}

export interface EventSubject {
  /** Each names the same user. */
  users: ReportedSubject[];
  /** The session at the provider. */
  sessionId?: string;
}

/** Undefined if nothing of it can be understood. */
export function readEventSubject(
  value: unknown,
  context: SubjectContext,
): EventSubject | undefined {
  const subject = object(value);
  if (subject === undefined) return undefined;
  const isComplex = formatOf(subject) === "complex" || object(subject.user) !== undefined ||
    object(subject.session) !== undefined;
  const users = isComplex ? readUsers(object(subject.user), context) : readUsers(subject, context);
  const session = isComplex ? object(subject.session) : undefined;
  const sessionId = session && formatOf(session) === "opaque" ? identifier(session.id) : undefined;
  return users.length === 0 && sessionId === undefined ? undefined : { users, sessionId };
}

function readUsers(
  subject: Record<string, unknown> | undefined,
  context: SubjectContext,
): ReportedSubject[] {
  if (subject === undefined) return [];
  if (formatOf(subject) !== "aliases") return readUser(subject, context);
  const identifiers = Array.isArray(subject.identifiers) ? subject.identifiers : [];
  return identifiers.slice(0, MAX_IDENTIFIERS).flatMap((alias) => {
    const named = object(alias);
    return named === undefined ? [] : readUser(named, context);
  });
}

function readUser(subject: Record<string, unknown>, context: SubjectContext): ReportedSubject[] {
  switch (formatOf(subject)) {
    case "iss_sub": {
      const sub = identifier(subject.sub);
      // The issuer of the events may be written differently from that of the ID tokens.
      const isOwn = subject.iss === context.issuer || subject.iss === context.eventsIssuer;
      return sub === undefined || !isOwn
        ? []
        : [{ kind: "subject", issuer: context.issuer, subject: sub }];
    }
    case "opaque": {
      const id = identifier(subject.id);
      return id === undefined ? [] : [{ kind: "subject", issuer: context.issuer, subject: id }];
    }
    case "email": {
      const email = identifier(subject.email);
      if (email === undefined) return [];
      return [{ kind: "email", email: nameKey(email), isTrusted: context.isTrustedFor(email) }];
    }
    default:
      return [];
  }
}

/** Before RFC 9493 the member was `subject_type`, and the name was written with hyphens. */
function formatOf({ format, subject_type: earlier }: Record<string, unknown>): string | undefined {
  const name = format ?? earlier;
  return typeof name === "string" ? name.replaceAll("-", "_") : undefined;
}
