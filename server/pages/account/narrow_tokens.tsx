import type { DelegatedToken } from "../../store/delegated_tokens.ts";
import { ActionButton } from "../ui/confirmation.tsx";
import { TimeUntil } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** Those that a page lists of one login: the newest. */
const MAX_LISTED = 20;

/** The narrow tokens of a login; with `back`, with buttons to revoke them. */
export function NarrowTokens(
  { tokens, now, back }: { tokens: readonly DelegatedToken[]; now: number; back?: string },
) {
  const hidden = tokens.length - MAX_LISTED;
  return (
    <ul class="narrow-tokens" aria-label="Narrow tokens of this login">
      {tokens.slice(0, MAX_LISTED).map((token) => (
        <li data-narrow-token={token.id}>
          <span>
            <ActorName token={token} /> · <NarrowTokenScope token={token} /> · expires{" "}
            <TimeUntil at={token.expiresAt} now={now} />
          </span>
          {back !== undefined && (
            <ActionButton
              action="/logins/revoke-narrow"
              fields={{ narrow: token.id, back }}
              label="Revoke"
              about={`the narrow token of ${token.actorName ?? "this login"}`}
            />
          )}
        </li>
      ))}
      {hidden > 0 && <li>{`and ${hidden} more`}</li>}
    </ul>
  );
}

export function ActorName({ token: { actorName } }: { token: DelegatedToken }) {
  return actorName === undefined ? <>Narrow token</> : (
    <strong>
      <UntrustedText text={actorName} />
    </strong>
  );
}

export function NarrowTokenScope({ token: { scope } }: { token: DelegatedToken }) {
  return scope === "" ? <>no scopes</> : <UntrustedText text={scope} max={300} />;
}
