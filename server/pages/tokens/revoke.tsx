import type { Clock } from "../../../shared/clock.ts";
import type { GeoipLookup } from "../../geoip.ts";
import { revokeToken, type RevokeTokenDeps } from "../../pats/revoke.ts";
import type { PageContext } from "../context.ts";
import { setNotice } from "../http/notice.ts";
import type { RenderDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import {
  isActive,
  lastUsedPlace,
  TokenLastUse,
  TokenName,
  tokenName,
  TokenPrefix,
} from "./components.tsx";
import { tokenCrumbs } from "./crumbs.ts";

interface RevokeTokenPageDeps extends RenderDeps, RevokeTokenDeps {
  clock: Clock;
  placeOf: GeoipLookup;
}

/** GET /tokens/{id}/revoke */
export async function showRevokeToken(
  deps: RevokeTokenPageDeps,
  c: PageContext,
): Promise<Response> {
  const { token, isOwn } = c.get("tokenAccess");
  const now = deps.clock.now();
  if (!isActive(token, now)) return c.redirect(`/tokens/${token.id}`, 303);
  const place = await lastUsedPlace(deps, token);
  return await confirmationPage(deps, c, {
    name: "revoke_token",
    title: "Revoke this token?",
    breadcrumbs: tokenCrumbs(token, isOwn),
    fields: {},
    confirm: "Revoke token",
    cancelPath: `/tokens/${token.id}`,
    children: (
      <>
        <p>
          <strong>
            <TokenName token={token} />
          </strong>{" "}
          (<TokenPrefix token={token} />){!isOwn && (
            <>
              {" of "}
              <UntrustedText text={token.owner.username} />
            </>
          )}. <TokenLastUse token={token} place={place} now={now} />.
        </p>
        <p>Programs that use this token are rejected immediately. You cannot undo this.</p>
      </>
    ),
  });
}

/** POST /tokens/{id}/revoke */
export async function submitRevokeToken(
  deps: RevokeTokenPageDeps,
  c: PageContext,
): Promise<Response> {
  const { token, session, isOwn } = c.get("tokenAccess");
  await revokeToken(deps, {
    token,
    actor: { id: session.user.id, address: c.get("requester").address },
  });
  setNotice(
    deps,
    c,
    isActive(token, deps.clock.now())
      ? { code: "token_revoked", text: `Revoked the token ${tokenName(token)}.` }
      : {
        code: "token_already_inactive",
        text: `The token ${tokenName(token)} has already been revoked or has expired.`,
      },
  );
  return c.redirect(isOwn ? "/tokens" : "/admin/tokens", 303);
}
