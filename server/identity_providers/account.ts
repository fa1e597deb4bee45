import { sanitizeLine } from "../../shared/sanitize.ts";
import { emailProblem, hasHiddenCharacters, MAX_NAME_LENGTH, nameProblem } from "../store/users.ts";
import type { IdentityProvider } from "../store/identity_providers.ts";
import { UpstreamFailure } from "./failure.ts";
import type { ProviderTemplate } from "./template.ts";
import { templateOf } from "./templates.ts";

/** An account at a provider, as it said at a sign-in. Only values that are safe to store and show. */
export interface UpstreamAccount {
  issuer: string;
  subject: string;
  email?: string;
  /** Whether the provider vouches for the address. */
  emailVerified: boolean;
  name?: string;
  username?: string;
  /** Undefined: the provider is not asked for groups. */
  groups?: UpstreamGroups;
  acr?: string;
  amr: readonly string[];
  /** When the provider authenticated the user; undefined if it does not say. */
  authenticatedAt?: Date;
  /** The session at the provider (OpenID Connect Back-Channel Logout 1.0 section 2.1). */
  sessionId?: string;
  refreshToken?: string;
  /** Everything it sent, for tests of the provider. */
  claims: Record<string, unknown>;
}

export interface UpstreamGroups {
  /** As they were sent, with the template's groupName: server/access/external_groups.ts decides which names can be kept. */
  names: readonly string[];
  /** Whether the claim was missing. */
  isMissing: boolean;
}

/** OpenID Connect Core 1.0 section 2: at most 255 ASCII characters. Some providers send more kinds. */
const MAX_SUBJECT = 255;
/** Far more than can be kept. */
const MAX_SENT_GROUPS = 20_000;
const MAX_AMR = 20;

/** What the claims of a provider say about an account. Claims come from outside. */
export function accountFromClaims(
  provider: IdentityProvider,
  claims: Record<string, unknown>,
  { issuer, refreshToken }: { issuer: string; refreshToken?: string },
): UpstreamAccount | UpstreamFailure {
  const { sub } = claims;
  if (typeof sub !== "string" || sub === "" || sub.length > MAX_SUBJECT || !isStorable(sub)) {
    return new UpstreamFailure(
      "invalid_response",
      `The subject (sub) is missing, has more than ${MAX_SUBJECT} characters, or has characters ` +
        "that cannot be shown.",
    );
  }
  const email = textOf(claims.email)?.trim();
  const hasEmail = email !== undefined && emailProblem(email) === undefined;
  return {
    issuer,
    subject: sub,
    email: hasEmail ? email : undefined,
    emailVerified: hasEmail &&
      (provider.trustsAddresses || templateOf(provider).vouchesForAddress(claims)),
    name: nameOf(claims),
    username: shortText(claims.preferred_username),
    groups: provider.groupsClaim === undefined
      ? undefined
      : groupsOf(claimAt(claims, provider.groupsClaim), templateOf(provider)),
    acr: shortText(claims.acr),
    amr: Array.isArray(claims.amr)
      ? claims.amr.slice(0, MAX_AMR).map(shortText).filter((value) => value !== undefined)
      : [],
    authenticatedAt: typeof claims.auth_time === "number" && claims.auth_time > 0 &&
        claims.auth_time < 1e11
      ? new Date(claims.auth_time * 1000)
      : undefined,
    sessionId: textOf(claims.sid, MAX_SUBJECT),
    refreshToken,
    claims,
  };
}

/** The claim with this name or, with dots, within nested claims: `realm_access.roles`. */
export function claimAt(claims: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split(".").reduce<unknown>(
    (value, name) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, name)
        ? (value as Record<string, unknown>)[name]
        : undefined,
    claims,
  );
}

function groupsOf(
  value: unknown,
  { groupName = (sent) => sent }: Pick<ProviderTemplate, "groupName">,
): UpstreamGroups {
  if (value === undefined || value === null) return { names: [], isMissing: true };
  const values = Array.isArray(value) ? value.slice(0, MAX_SENT_GROUPS) : [value];
  const names = values.filter((name) => typeof name === "string").map((name) => groupName(name));
  return { names, isMissing: false };
}

function nameOf(claims: Record<string, unknown>): string | undefined {
  const { given_name, family_name } = claims;
  const parts = [given_name, family_name].map((part) => textOf(part)).filter((part) =>
    part !== undefined
  );
  return [claims.name, parts.join(" "), claims.preferred_username]
    .map((value) => textOf(value))
    .map((value) => value && sanitizeLine(value, MAX_NAME_LENGTH))
    .find((value) => value !== undefined && nameProblem(value) === undefined);
}

function shortText(value: unknown): string | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : sanitizeLine(text, 100) || undefined;
}

/** Text that the database can store, of at most `max` characters if `max` is given. */
function textOf(value: unknown, max?: number): string | undefined {
  if (typeof value !== "string" || value === "" || !isStorable(value)) return undefined;
  return max !== undefined && value.length > max ? undefined : value;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0") && !hasHiddenCharacters(text);
}
