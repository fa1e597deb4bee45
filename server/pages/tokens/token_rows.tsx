import type { GeoipLookup } from "../../geoip.ts";
import { parseScope } from "../../../shared/oauth/scope.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import {
  isActive,
  lastUsedPlace,
  TokenLastUse,
  TokenName,
  tokenName,
  TokenOrigin,
  TokenPrefix,
  TokenStatus,
} from "./components.tsx";

/** A list of tokens. `isOwn`: whether they are the user's own, who can rotate them. */
export async function tokenRows(
  deps: { placeOf: GeoipLookup },
  { tokens, now, isOwn }: { tokens: readonly PersonalAccessToken[]; now: number; isOwn: boolean },
) {
  const rows = await Promise.all(
    tokens.map(async (token) => ({ token, place: await lastUsedPlace(deps, token) })),
  );
  return (
    <ul class="logins tokens">
      {rows.map(({ token, place }) => (
        <li data-token={token.id} data-active={String(isActive(token, now))}>
          <div>
            <p>
              <a href={`/tokens/${token.id}`}>
                <strong>
                  <TokenName token={token} />
                </strong>
              </a>
            </p>
            <p class="muted small">
              <TokenPrefix token={token} /> · <TokenStatus token={token} now={now} />
            </p>
            {!isOwn && <Owner token={token} />}
            <p class="muted small">
              Scopes: <UntrustedText text={formatScopes(token)} max={256} />
            </p>
            <p class="muted small">
              <TokenLastUse token={token} place={place} now={now} /> ·{" "}
              <TokenOrigin token={token} now={now} />
            </p>
          </div>
          {isActive(token, now) && <Actions token={token} mayRotate={isOwn} />}
        </li>
      ))}
    </ul>
  );
}

function Owner({ token: { owner } }: { token: PersonalAccessToken }) {
  return (
    <p class="muted small">
      Owner:{" "}
      <a href={`/admin/tokens?owner=${owner.id}`}>
        <UntrustedText text={owner.username} />
      </a>
      {owner.kind === "service_account" && " (service account)"}
    </p>
  );
}

function Actions({ token, mayRotate }: { token: PersonalAccessToken; mayRotate: boolean }) {
  return (
    <p class="acts">
      {mayRotate && (
        <a href={`/tokens/${token.id}/rotate`}>
          Rotate<span class="hidden">{` the token ${tokenName(token)}`}</span>
        </a>
      )}
      <a href={`/tokens/${token.id}/revoke`}>
        Revoke<span class="hidden">{` the token ${tokenName(token)}`}</span>
      </a>
    </p>
  );
}

function formatScopes({ scope }: PersonalAccessToken): string {
  return (parseScope(scope) ?? []).join(", ") || "none";
}
