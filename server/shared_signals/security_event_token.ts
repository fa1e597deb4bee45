/** Security event tokens (RFC 8417), as a transmitter pushes them (RFC 8935). */
import { type Clock, numericDate } from "../../shared/clock.ts";
import type { JwksCache } from "../federation/jwks_cache.ts";
import { verifySignature } from "../federation/subject_token.ts";
import {
  hasAudience,
  identifier,
  isType,
  object,
  rejectionReason,
  SKEW_SECONDS,
  time,
} from "./token_claims.ts";

/** Transmitters repeat a push for days; an older one is not accepted, so its jti need not be known. */
const MAX_AGE_SECONDS = 7 * 86_400;
/** Events of one token. Profiles have exactly one. */
const MAX_EVENTS = 10;

/** RFC 8935 section 2.4. */
export type SetErrorCode =
  | "invalid_request"
  | "invalid_key"
  | "invalid_issuer"
  | "invalid_audience"
  | "authentication_failed"
  | "access_denied";

/** Why a token is rejected. `unavailable`: it could not be checked, so it should be sent again. */
export class SetError {
  constructor(readonly code: SetErrorCode | "unavailable", readonly description: string) {}
}

export interface SecurityEventToken {
  issuer: string;
  jti: string;
  /** Until when the jti has to be remembered. */
  rememberUntil: Date;
  /** What `sub_id` is (RFC 9493 section 4.1). */
  subjectId: unknown;
  events: { type: string; payload: Record<string, unknown> }[];
}

export async function readSecurityEventToken(
  { clock, providerKeys }: { clock: Clock; providerKeys: JwksCache },
  token: string,
  { issuer, audiences }: { issuer: string; audiences: readonly string[] },
): Promise<SecurityEventToken | SetError> {
  // Of a token of another issuer, its keys would not say that it is the wrong one.
  const claimed = unverifiedIssuer(token);
  if (claimed !== undefined && claimed !== issuer) return wrongIssuer(issuer);
  const verified = await verifySignature(providerKeys, token, issuer);
  if ("code" in verified) {
    const reason = rejectionReason(verified);
    switch (verified.code) {
      case "issuer_unavailable":
        return new SetError("unavailable", reason);
      case "malformed":
        return new SetError("invalid_request", reason);
      default:
        return new SetError("invalid_key", reason);
    }
  }
  const { type, claims } = verified;
  if (claims.iss !== issuer) return wrongIssuer(issuer);
  if (!hasAudience(claims.aud, audiences)) {
    return new SetError("invalid_audience", `The audience (aud) is not ${audiences[0]}.`);
  }
  // RFC 8417 section 2.3: so that no other kind of token passes for one.
  if (!isType(type, "secevent+jwt")) return invalid("The typ of the token is not secevent+jwt.");
  const now = numericDate(clock.now());
  const iat = time(claims.iat);
  if (iat === undefined || iat > now + SKEW_SECONDS) {
    return invalid("The time of issue (iat) is missing or in the future.");
  }
  if (iat <= now - MAX_AGE_SECONDS) return invalid("The token is older than seven days.");
  const exp = claims.exp === undefined ? undefined : time(claims.exp) ?? 0;
  if (exp !== undefined && exp <= now - SKEW_SECONDS) return invalid("The token has expired.");
  const jti = identifier(claims.jti);
  if (jti === undefined) return invalid("The jti is missing or not valid.");
  const events = readEvents(claims.events);
  if (events === undefined) return invalid("The events are missing or not valid.");
  return {
    issuer,
    jti,
    rememberUntil: new Date((iat + MAX_AGE_SECONDS + SKEW_SECONDS) * 1000),
    // An event may say its subject itself, as RISC did before RFC 9493.
    subjectId: claims.sub_id,
    events,
  };
}

/** RFC 8417 section 2.2: an object with the URI of each event; the values are objects. */
function readEvents(value: unknown): SecurityEventToken["events"] | undefined {
  const entries = Object.entries(object(value) ?? {});
  if (entries.length === 0 || entries.length > MAX_EVENTS) return undefined;
  const events = entries.map(([type, payload]) => ({ type, payload: object(payload) }));
  return events.every((event) => event.payload !== undefined && event.type.length <= 300)
    ? events as SecurityEventToken["events"]
    : undefined;
}

function unverifiedIssuer(token: string): string | undefined {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const { iss } = Object(JSON.parse(atob(payload)));
    return typeof iss === "string" ? iss : undefined;
  } catch {
    return undefined;
  }
}

function wrongIssuer(issuer: string): SetError {
  return new SetError("invalid_issuer", `The issuer (iss) is not ${issuer}.`);
}

function invalid(description: string): SetError {
  return new SetError("invalid_request", description);
}
