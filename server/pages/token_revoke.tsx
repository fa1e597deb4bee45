import { revokeToken } from "../personal_access_tokens/revoke_token.ts";
import { formToken } from "./form_token.ts";
import { FormToken } from "./layout.tsx";
import { page, type PageContext, type PageParts } from "./page.tsx";
import { isLiving, lastPlace, TokenName, TokenStart, TokenUse } from "./token_parts.tsx";
import { Foreign } from "./foreign.tsx";

/** GET /tokens/{id}/revoke: asks whether it is meant. */
export async function showTokenRevocation(parts: PageParts, c: PageContext): Promise<Response> {
  const { token, own } = c.get("reachedToken");
  const now = parts.clock.now();
  if (!isLiving(token, now)) return c.redirect(`/tokens/${token.id}`, 303);
  const place = await lastPlace(parts, token);
  return await page(parts, c, {
    title: "Revoke this token?",
    children: (
      <main>
        <h1>Revoke this token?</h1>
        <p>
          <strong>
            <TokenName token={token} />
          </strong>{" "}
          (<TokenStart token={token} />){!own && (
            <>
              {" of "}
              <Foreign text={token.owner.username} />
            </>
          )}, <TokenUse token={token} place={place} now={now} />.
        </p>
        <p>Whatever uses it is turned away from now on. This cannot be undone.</p>
        <form method="post" action={`/tokens/${token.id}/revoke`}>
          <FormToken token={formToken(parts, c)} />
          <div class="choice">
            <button class="danger" type="submit">Revoke</button>
            <a class="button" href={`/tokens/${token.id}`}>Keep it</a>
          </div>
        </form>
      </main>
    ),
  });
}

/** POST /tokens/{id}/revoke */
export async function submitTokenRevocation(parts: PageParts, c: PageContext): Promise<Response> {
  const { token, session, own } = c.get("reachedToken");
  await revokeToken(parts, {
    token,
    reason: own ? "owner" : "administrator",
    actor: { id: session.user.id, address: c.get("requester").address },
  });
  return c.redirect(own ? "/tokens" : "/admin/tokens", 303);
}
