/** How pages show the attributes of a token. */
import { brand } from "../../../shared/brand.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { expiresSoon } from "../../../shared/tokens/expires_soon.ts";
import type { GeoipLookup } from "../../geoip.ts";
import type { ScopeDescription } from "../../scopes.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import { Address } from "../ui/facts.tsx";
import { TimeAgo, TimeUntil } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

const MAX_NAME = 100;

/** A token's name as plain text, for titles and for screen readers. */
export function tokenName({ name }: Pick<PersonalAccessToken, "name">): string {
  return sanitizeLine(name, MAX_NAME) || "(no name)";
}

export function TokenName({ token }: { token: Pick<PersonalAccessToken, "name"> }) {
  return <bdi>{tokenName(token)}</bdi>;
}

/** The first characters of a token; of an imported one only the prefix of all tokens is known. */
export function TokenPrefix({ token }: { token: Pick<PersonalAccessToken, "prefix"> }) {
  return <code>{`${sanitizeLine(token.prefix, 20)}…`}</code>;
}

export function isActive({ revokedAt, expiresAt }: PersonalAccessToken, now: number): boolean {
  return revokedAt === undefined && (expiresAt === undefined || expiresAt.getTime() > now);
}

/** When a token expires, or when and why it became invalid. */
export function TokenStatus(
  { token, now, dated }: { token: PersonalAccessToken; now: number; dated?: boolean },
) {
  const { revokedAt, revokedReason, expiresAt } = token;
  if (revokedAt !== undefined) {
    return (
      <>
        Revoked <TimeAgo at={revokedAt} now={now} dated={dated} />
        {revokedReason !== undefined && <RevocationReason reason={revokedReason} />}
      </>
    );
  }
  if (expiresAt === undefined) return <>Never expires</>;
  if (expiresAt.getTime() <= now) {
    return (
      <>
        Expired <TimeAgo at={expiresAt} now={now} dated={dated} />
      </>
    );
  }
  const isSoon = expiresSoon(
    { createdAt: token.createdAt.getTime(), expiresAt: expiresAt.getTime() },
    now,
  );
  return (
    <span class={isSoon ? "soon" : undefined}>
      Expires <TimeUntil at={expiresAt} now={now} dated={dated} />
    </span>
  );
}

const REASONS: Record<string, string> = {
  owner: "by the owner",
  administrator: "by an administrator",
  login: "with the login that created it",
  rotation: "by its rotation",
};

function RevocationReason({ reason }: { reason: string }) {
  return Object.hasOwn(REASONS, reason) ? <>{` ${REASONS[reason]}`}</> : (
    <>
      : <UntrustedText text={reason} max={200} />
    </>
  );
}

/** Where a token was found. Anyone may have reported it. */
export function TokenLeak(
  { leak, now }: { leak: NonNullable<PersonalAccessToken["leak"]>; now: number },
) {
  return (
    <>
      Reported by {leak.reporter} <TimeAgo at={leak.at} now={now} />
      {leak.place !== undefined && (
        <>
          {", found at "}
          <UntrustedText text={leak.place} max={500} />
        </>
      )}
    </>
  );
}

export function TokenLastUse(
  { token, place, now }: { token: PersonalAccessToken; place?: string; now: number },
) {
  const { lastUsedAt, lastUsedAddress, lastUsedAgent } = token;
  if (lastUsedAt === undefined) return <>Never used</>;
  return (
    <>
      Last used <TimeAgo at={lastUsedAt} now={now} />
      {lastUsedAddress !== undefined && (
        <>
          {" from "}
          <Address address={lastUsedAddress} place={place} />
        </>
      )}
      {lastUsedAgent !== undefined && (
        <>
          {" with "}
          <UntrustedText text={lastUsedAgent} max={40} />
        </>
      )}
    </>
  );
}

export async function lastUsedPlace(
  { placeOf }: { placeOf: GeoipLookup },
  { lastUsedAddress }: PersonalAccessToken,
): Promise<string | undefined> {
  return lastUsedAddress === undefined ? undefined : await placeOf(lastUsedAddress);
}

export function TokenOrigin({ token, now }: { token: PersonalAccessToken; now: number }) {
  const isImported = token.prefix === brand.tokenPrefixes.personalAccessToken;
  return (
    <>
      {isImported ? "Imported " : "Created "}
      <TimeAgo at={token.createdAt} now={now} />
      {token.rotatedFrom !== undefined && (
        <>
          {" to replace "}
          <a href={`/tokens/${token.rotatedFrom}`}>another token</a>
        </>
      )}
    </>
  );
}

/** The scopes with their descriptions. Marks those that are missing in `ownerScopes`. */
export function TokenScopes(
  { scope, catalog, ownerScopes }: {
    scope: string;
    catalog: readonly ScopeDescription[];
    ownerScopes?: readonly string[];
  },
) {
  const names = parseScope(scope) ?? [];
  if (names.length === 0) return <>None: the token only identifies its owner</>;
  return (
    <ul class="scopes">
      {names.map((name) => (
        <li>
          <code>{name}</code>{" "}
          <UntrustedText
            text={catalog.find((scope) => scope.name === name)?.description ?? ""}
            max={200}
          />
          {ownerScopes !== undefined && !ownerScopes.includes(name) && (
            <strong data-lost-scope={name}>
              {` (has no effect: the owner no longer has this scope)`}
            </strong>
          )}
        </li>
      ))}
    </ul>
  );
}
