import { findAccessibleToken } from "../../pats/access.ts";
import { findOwner } from "../../pats/owner.ts";
import { patScopes, scopeNames } from "../../scopes.ts";
import { DomainError } from "../../domain_error.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import type { Session } from "../../store/sessions.ts";
import { Fact } from "../device/confirm.tsx";
import { errorPage, type PageContext, type PageDeps, renderPage } from "../render.tsx";
import {
  isActive,
  lastUsedPlace,
  TokenLastUse,
  TokenLeak,
  TokenName,
  tokenName,
  TokenOrigin,
  TokenPrefix,
  TokenScopes,
  TokenStatus,
} from "./components.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** A token that the person may look at: their own, or any for an administrator. */
export interface TokenAccess {
  token: PersonalAccessToken;
  session: Session;
  own: boolean;
  /** Whether the person may hold its secret, and so rotate it. */
  mayRotate: boolean;
}

/** The token in the path, if it exists and the person may look at it. */
export async function findTokenAccess(
  { sql }: Pick<PageDeps, "sql">,
  c: PageContext,
  session: Session,
): Promise<TokenAccess | undefined> {
  const access = await findAccessibleToken(sql, session.user, c.req.param("id") ?? "");
  if (access instanceof DomainError) return undefined;
  const { token, isOwn, mayRotate } = access;
  return { token, session, own: isOwn, mayRotate: mayRotate };
}

/** Said of a token that does not exist, and of one that is not for the person to see. */
export async function tokenNotFound(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    title: "There is no such token",
    status: 404,
    children: (
      <p>
        It may be somebody else’s. <a href="/tokens">Look at your own</a>.
      </p>
    ),
  });
}

/** Said to an administrator who wants to rotate another person's token. */
export async function rotationByOwnerOnly(
  deps: PageDeps,
  c: PageContext,
  { token }: TokenAccess,
): Promise<Response> {
  return await errorPage(deps, c, {
    title: "Only its owner can rotate it",
    status: 403,
    children: (
      <p>
        Whoever rotates a token holds the new one, and could act as its owner. You can{" "}
        <a href={`/tokens/${token.id}/revoke`}>revoke it</a>.
      </p>
    ),
  });
}

/** GET /tokens/{id} */
export async function showToken(deps: PageDeps, c: PageContext): Promise<Response> {
  const { token, own, mayRotate } = c.get("tokenAccess");
  const now = deps.clock.now();
  const holder = await findOwner(deps.sql, token.owner);
  const held = holder && scopeNames(patScopes(deps.config.scopes, holder));
  const place = await lastUsedPlace(deps, token);
  return await renderPage(deps, c, {
    title: `Token: ${tokenName(token)}`,
    children: (
      <main class="wide">
        <p class="small">
          <a href={own ? "/tokens" : "/admin/tokens"}>All tokens</a>
        </p>
        <h1>
          <TokenName token={token} />
        </h1>
        <dl>
          {!own && (
            <Fact name="Whose">
              <UntrustedText text={token.owner.username} max={254} />
              {token.owner.kind === "service_account" && ", a service account"}
            </Fact>
          )}
          <Fact name="Begins with">
            <TokenPrefix token={token} />
          </Fact>
          <Fact name="End">
            <TokenStatus token={token} now={now} dated />
          </Fact>
          {token.leak !== undefined && (
            <Fact name="Found in the open">
              <TokenLeak leak={token.leak} now={now} />
            </Fact>
          )}
          <Fact name="Last use">
            <TokenLastUse token={token} place={place} now={now} />
          </Fact>
          <Fact name="Origin">
            <TokenOrigin token={token} now={now} />
          </Fact>
          <Fact name="May">
            <TokenScopes scope={token.scope} catalogue={deps.config.scopes} held={held} />
          </Fact>
          <Fact name="Works from">
            {token.allowedAddresses.length === 0 ? "anywhere" : token.allowedAddresses.join(", ")}
          </Fact>
        </dl>
        {isActive(token, now) && (
          <div class="ask">
            {mayRotate && <a class="button" href={`/tokens/${token.id}/rotate`}>Rotate</a>}
            <a class="button" href={`/tokens/${token.id}/revoke`}>Revoke</a>
          </div>
        )}
      </main>
    ),
  });
}
