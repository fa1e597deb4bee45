import { mayRotate } from "../personal_access_tokens/rotate_token.ts";
import {
  findHolderByName,
  findUserAsHolder,
  type TokenHolder,
} from "../personal_access_tokens/token_holder.ts";
import { tokenScopes } from "../scope_catalogue.ts";
import {
  findPersonalAccessToken,
  type PersonalAccessToken,
} from "../store/personal_access_tokens.ts";
import type { Session } from "../store/sessions.ts";
import { redirectToSignIn } from "./browser_session.ts";
import { Fact, uuid } from "./device_confirm.tsx";
import { page, type PageContext, type PageParts, problemPage } from "./page.tsx";
import {
  isLiving,
  lastPlace,
  TokenEnd,
  TokenLeak,
  TokenName,
  tokenName,
  TokenOrigin,
  TokenScopes,
  TokenStart,
  TokenUse,
} from "./token_parts.tsx";
import { Foreign } from "./foreign.tsx";

/** A token that the person may look at: their own, or any for an administrator. */
export interface ReachableToken {
  token: PersonalAccessToken;
  session: Session;
  own: boolean;
}

/** The token that the address names, or the answer to whoever may not reach it. */
export async function reachToken(
  parts: PageParts,
  c: PageContext,
): Promise<ReachableToken | Response> {
  const session = c.get("session");
  const id = uuid(c.req.param("id"));
  if (session === undefined) return redirectToSignIn(c, id ? `/tokens/${id}` : "/tokens");
  const token = id && await findPersonalAccessToken(parts.sql, id);
  const own = token && token.owner.id === session.user.id;
  if (!token || (!own && !session.user.isAdmin)) {
    return await problemPage(parts, c, {
      title: "There is no such token",
      status: 404,
      children: (
        <p>
          It may be somebody else’s. <a href="/tokens">Look at your own</a>.
        </p>
      ),
    });
  }
  return { token, session, own: own === true };
}

/** Whom a token speaks for, with what they may do now. */
export async function holderOf(
  { sql }: Pick<PageParts, "sql">,
  { owner }: PersonalAccessToken,
): Promise<TokenHolder | undefined> {
  return owner.kind === "user"
    ? await findUserAsHolder(sql, owner.id)
    : await findHolderByName(sql, owner.username);
}

/** GET /tokens/{id} */
export async function showToken(parts: PageParts, c: PageContext): Promise<Response> {
  const reached = await reachToken(parts, c);
  if (reached instanceof Response) return reached;
  const { token, own, session } = reached;
  const now = parts.clock.now();
  const holder = await holderOf(parts, token);
  const held = holder && tokenScopes(parts.config.scopes, holder).map(({ name }) => name);
  const place = await lastPlace(parts, token);
  return await page(parts, c, {
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
              <Foreign text={token.owner.username} max={254} />
              {token.owner.kind === "service_account" && ", a service account"}
            </Fact>
          )}
          <Fact name="Begins with">
            <TokenStart token={token} />
          </Fact>
          <Fact name="End">
            <TokenEnd token={token} now={now} dated />
          </Fact>
          {token.leak !== undefined && (
            <Fact name="Found in the open">
              <TokenLeak leak={token.leak} now={now} />
            </Fact>
          )}
          <Fact name="Last use">
            <TokenUse token={token} place={place} now={now} />
          </Fact>
          <Fact name="Origin">
            <TokenOrigin token={token} now={now} />
          </Fact>
          <Fact name="May">
            <TokenScopes scope={token.scope} catalogue={parts.config.scopes} held={held} />
          </Fact>
          <Fact name="Works from">
            {token.allowedAddresses.length === 0 ? "anywhere" : token.allowedAddresses.join(", ")}
          </Fact>
        </dl>
        {isLiving(token, now) && (
          <div class="ask">
            {mayRotate(session.user, token) && (
              <a class="button" href={`/tokens/${token.id}/rotate`}>Rotate</a>
            )}
            <a class="button" href={`/tokens/${token.id}/revoke`}>Revoke</a>
          </div>
        )}
      </main>
    ),
  });
}
