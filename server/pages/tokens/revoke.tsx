import { revokeToken } from "../../pats/revoke.ts";
import { setNotice } from "../http/notice.ts";
import type { PageContext, PageDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import {
  isActive,
  lastUsedPlace,
  TokenLastUse,
  TokenName,
  tokenName,
  TokenPrefix,
} from "./components.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** GET /tokens/{id}/revoke: asks whether it is meant. */
export async function showRevokeToken(deps: PageDeps, c: PageContext): Promise<Response> {
  const { token, own } = c.get("tokenAccess");
  const now = deps.clock.now();
  if (!isActive(token, now)) return c.redirect(`/tokens/${token.id}`, 303);
  const place = await lastUsedPlace(deps, token);
  return await confirmationPage(deps, c, {
    title: "Revoke this token?",
    fields: {},
    confirm: "Revoke",
    keep: { words: "Keep it", href: `/tokens/${token.id}` },
    children: (
      <>
        <p>
          <strong>
            <TokenName token={token} />
          </strong>{" "}
          (<TokenPrefix token={token} />){!own && (
            <>
              {" of "}
              <UntrustedText text={token.owner.username} />
            </>
          )}, <TokenLastUse token={token} place={place} now={now} />.
        </p>
        <p>Whatever uses it is turned away from now on. This cannot be undone.</p>
      </>
    ),
  });
}

/** POST /tokens/{id}/revoke */
export async function submitRevokeToken(deps: PageDeps, c: PageContext): Promise<Response> {
  const { token, session, own } = c.get("tokenAccess");
  await revokeToken(deps, {
    token,
    actor: { id: session.user.id, address: c.get("requester").address },
  });
  setNotice(deps, c, {
    text: isActive(token, deps.clock.now())
      ? `Revoked the token ${tokenName(token)}.`
      : `The token ${tokenName(token)} has ended already.`,
  });
  return c.redirect(own ? "/tokens" : "/admin/tokens", 303);
}
