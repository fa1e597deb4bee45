import { isUuid } from "../../../shared/uuid.ts";
import type { Clock } from "../../../shared/clock.ts";
import { revokeDelegatedToken } from "../../logins/revoke_delegated_token.ts";
import type { Sql } from "../../store/db/connect.ts";
import { type DelegatedToken, findDelegatedToken } from "../../store/delegated_tokens.ts";
import type { TokenValidator } from "../../validation/token_validator.ts";
import type { PageContext } from "../context.ts";
import { signedInSession } from "../http/browser_session.ts";
import { setNotice } from "../http/notice.ts";
import { safeRedirect } from "../http/safe_redirect.ts";
import type { RenderDeps } from "../render.tsx";
import { confirmationPage } from "../ui/confirmation.tsx";
import { Address, Fact } from "../ui/facts.tsx";
import { TimeAgo, TimeUntil } from "../ui/relative_time.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { ActorName, NarrowTokenScope } from "./narrow_tokens.tsx";
import type { LoginListDeps } from "./login_list.tsx";

interface RevokeNarrowTokenDeps extends RenderDeps, LoginListDeps {
  sql: Sql;
  clock: Clock;
  tokenValidator: Pick<TokenValidator, "invalidate">;
}

/** GET /logins/revoke-narrow?narrow=…&back=… */
export async function showRevokeNarrowToken(
  deps: RevokeNarrowTokenDeps,
  c: PageContext,
): Promise<Response> {
  const back = safeRedirect(c.get("query")("back"));
  const token = await findOwnToken(deps, c, c.get("query")("narrow"));
  if (token === undefined) return alreadyRevoked(deps, c, back);
  const now = deps.clock.now();
  const place = await deps.placeOf(token.address);
  return await confirmationPage(deps, c, {
    name: "revoke_narrow_token",
    title: "Revoke this narrow token?",
    breadcrumbs: [{ path: "/devices", label: "Logins" }],
    fields: { narrow: token.id, back },
    confirm: "Revoke narrow token",
    cancelPath: back,
    children: (
      <>
        <dl>
          <Fact name="Program">
            <ActorName token={token} />
          </Fact>
          <Fact name="Permissions">
            <NarrowTokenScope token={token} />
          </Fact>
          <Fact name="For">
            <UntrustedText text={token.resource} max={300} />
          </Fact>
          <Fact name="Issued">
            <TimeAgo at={token.createdAt} now={now} dated />
            {" from "}
            <Address address={token.address} place={place} />
          </Fact>
          <Fact name="Expires">
            <TimeUntil at={token.expiresAt} now={now} dated />
          </Fact>
        </dl>
        <p>
          The program loses this access, and so do programs that it gave narrower tokens to. The
          login stays. APIs that verify the signature themselves accept the token until it expires.
          You cannot undo this.
        </p>
      </>
    ),
  });
}

/** POST /logins/revoke-narrow */
export async function submitRevokeNarrowToken(
  deps: RevokeNarrowTokenDeps,
  c: PageContext,
): Promise<Response> {
  const form = c.get("form");
  const back = safeRedirect(form("back"));
  const token = await findOwnToken(deps, c, form("narrow"));
  const isRevoked = token !== undefined && await revokeDelegatedToken(deps, {
    token,
    userId: signedInSession(c).user.id,
    address: c.get("requester").address,
  });
  if (!isRevoked) return alreadyRevoked(deps, c, back);
  const name = token.actorName === undefined ? "" : ` of ${token.actorName}`;
  setNotice(deps, c, { code: "narrow_token_revoked", text: `Revoked the narrow token${name}.` });
  return c.redirect(back, 303);
}

async function findOwnToken(
  { sql, clock }: RevokeNarrowTokenDeps,
  c: PageContext,
  id: string | undefined,
): Promise<DelegatedToken | undefined> {
  if (id === undefined || !isUuid(id)) return undefined;
  const userId = signedInSession(c).user.id;
  return await findDelegatedToken(sql, { id, userId, now: new Date(clock.now()) });
}

function alreadyRevoked(deps: RenderDeps, c: PageContext, back: string): Response {
  setNotice(deps, c, {
    code: "narrow_token_already_revoked",
    text: "This narrow token has already been revoked or has expired.",
  });
  return c.redirect(back, 303);
}
