import { revokeToken } from "../../pats/revoke.ts";
import { leaveNotice } from "../http/notice.ts";
import type { PageContext, PageParts } from "../render.tsx";
import { questionPage } from "../ui/question.tsx";
import { isLiving, lastPlace, TokenName, tokenName, TokenStart, TokenUse } from "./components.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** GET /tokens/{id}/revoke: asks whether it is meant. */
export async function showTokenRevocation(parts: PageParts, c: PageContext): Promise<Response> {
  const { token, own } = c.get("reachedToken");
  const now = parts.clock.now();
  if (!isLiving(token, now)) return c.redirect(`/tokens/${token.id}`, 303);
  const place = await lastPlace(parts, token);
  return await questionPage(parts, c, {
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
          (<TokenStart token={token} />){!own && (
            <>
              {" of "}
              <UntrustedText text={token.owner.username} />
            </>
          )}, <TokenUse token={token} place={place} now={now} />.
        </p>
        <p>Whatever uses it is turned away from now on. This cannot be undone.</p>
      </>
    ),
  });
}

/** POST /tokens/{id}/revoke */
export async function submitTokenRevocation(parts: PageParts, c: PageContext): Promise<Response> {
  const { token, session, own } = c.get("reachedToken");
  await revokeToken(parts, {
    token,
    actor: { id: session.user.id, address: c.get("requester").address },
  });
  leaveNotice(parts, c, {
    text: isLiving(token, parts.clock.now())
      ? `Revoked the token ${tokenName(token)}.`
      : `The token ${tokenName(token)} has ended already.`,
  });
  return c.redirect(own ? "/tokens" : "/admin/tokens", 303);
}
