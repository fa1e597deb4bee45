import { sanitizeLine } from "../../../shared/sanitize.ts";
import { brand } from "../../../shared/brand.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import { EXPIRES_SOON_MS } from "../../../shared/tokens/limits.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import { Address } from "../device/confirm.tsx";
import { TimeAgo, TimeUntil } from "../ui/relative_time.tsx";
import type { PageDeps } from "../render.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** Longest name that is shown, in characters. */
const MAX_NAME = 100;

/** A token's name as plain text: for titles, and for buttons as they are read aloud. */
export function tokenName({ name }: Pick<PersonalAccessToken, "name">): string {
  return sanitizeLine(name, MAX_NAME) || "(without a name)";
}

export function TokenName({ token }: { token: Pick<PersonalAccessToken, "name"> }) {
  return <bdi>{tokenName(token)}</bdi>;
}

/** How a token begins; of an imported one no more is known than what all begin with. */
export function TokenPrefix({ token }: { token: Pick<PersonalAccessToken, "prefix"> }) {
  return <code>{`${sanitizeLine(token.prefix, 20)}…`}</code>;
}

export function isActive({ revokedAt, expiresAt }: PersonalAccessToken, now: number): boolean {
  return revokedAt === undefined && (expiresAt === undefined || expiresAt.getTime() > now);
}

/** When a token ends or ended, and why. */
export function TokenStatus(
  { token, now, dated }: { token: PersonalAccessToken; now: number; dated?: boolean },
) {
  const { revokedAt, revokedReason, expiresAt } = token;
  if (revokedAt !== undefined) {
    const by = revokedReason === undefined ? "" : REASONS[revokedReason] ?? `: ${revokedReason}`;
    return (
      <>
        revoked <TimeAgo at={revokedAt} now={now} dated={dated} />
        <UntrustedText text={by} max={200} />
      </>
    );
  }
  if (expiresAt === undefined) return <>never ends</>;
  if (expiresAt.getTime() <= now) {
    return (
      <>
        expired <TimeAgo at={expiresAt} now={now} dated={dated} />
      </>
    );
  }
  return (
    <span class={expiresAt.getTime() - now <= EXPIRES_SOON_MS ? "soon" : undefined}>
      ends <TimeUntil at={expiresAt} now={now} dated={dated} />
    </span>
  );
}

const REASONS: Record<string, string> = {
  owner: ", by its owner",
  administrator: ", by an administrator",
};

/** Where a token was found that should lie nowhere: text, for anybody may have written it. */
export function TokenLeak(
  { leak, now }: { leak: NonNullable<PersonalAccessToken["leak"]>; now: number },
) {
  return (
    <>
      reported by {leak.reporter} <TimeAgo at={leak.at} now={now} />
      {leak.place !== undefined && (
        <>
          {", at "}
          <UntrustedText text={leak.place} max={500} />
        </>
      )}
    </>
  );
}

/** When, from where and with what a token was last used. */
export function TokenLastUse(props: { token: PersonalAccessToken; place?: string; now: number }) {
  const { lastUsedAt, lastUsedAddress, lastUsedAgent } = props.token;
  if (lastUsedAt === undefined) return <>never used</>;
  return (
    <>
      used <TimeAgo at={lastUsedAt} now={props.now} />
      {lastUsedAddress !== undefined && (
        <>
          {" from "}
          <Address address={lastUsedAddress} place={props.place} />
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

/** The place of a token's last use, if it is known. */
export async function lastUsedPlace(
  { placeOf }: Pick<PageDeps, "placeOf">,
  { lastUsedAddress }: PersonalAccessToken,
): Promise<string | undefined> {
  return lastUsedAddress === undefined ? undefined : await placeOf(lastUsedAddress);
}

/** How a token came to be. */
export function TokenOrigin({ token, now }: { token: PersonalAccessToken; now: number }) {
  const imported = token.prefix === brand.tokenPrefixes.personalAccessToken;
  return (
    <>
      {imported ? "taken over from elsewhere " : "made "}
      <TimeAgo at={token.createdAt} now={now} />
      {token.rotatedFrom !== undefined && (
        <>
          {" to replace "}
          <a href={`/tokens/${token.rotatedFrom}`}>another</a>
        </>
      )}
    </>
  );
}

/** What a token may do, one by one. `held`: what its owner may do now. */
export function TokenScopes(
  { scope, catalogue, held }: {
    scope: string;
    catalogue: readonly { name: string; description: string }[];
    held?: readonly string[];
  },
) {
  const scopes = parseScope(scope) ?? [];
  if (scopes.length === 0) return <>nothing but to say whose it is</>;
  return (
    <ul class="scopes">
      {scopes.map((name) => (
        <li>
          <code>{name}</code>{" "}
          <UntrustedText
            text={catalogue.find((one) => one.name === name)?.description ?? ""}
            max={200}
          />
          {held !== undefined && !held.includes(name) && (
            <strong>(not any more: its owner no longer has it)</strong>
          )}
        </li>
      ))}
    </ul>
  );
}
