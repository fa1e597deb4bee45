import { parseScope } from "../../../shared/oauth/scope.ts";
import { EXPIRES_SOON_MS } from "../../../shared/tokens/limits.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import { isPersonalAccessToken, tokenPrefix } from "../../tokens/personal_access_token.ts";
import { signedInSession } from "../http/browser_session.ts";
import { uuid } from "../device/confirm.tsx";
import { type PageContext, type PageDeps, renderPage } from "../render.tsx";
import { address, MAX_SEARCH, PageLinks, readTokenPage, type View, viewOf } from "./pagination.tsx";
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
import { revokeAllPath } from "./revoke_all.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";

/** Tokens that have ended, below those that live. */
const MAX_INACTIVE = 5;

/** A token and the place of its last use. */
interface Row {
  token: PersonalAccessToken;
  place?: string;
}

/** GET /tokens: the person's own. */
export async function showTokens(deps: PageDeps, c: PageContext): Promise<Response> {
  const session = signedInSession(c);
  return await listPage(deps, c, { ...viewOf(c), path: "/tokens", ownerId: session.user.id });
}

/** GET /admin/tokens: everybody's, or one owner's. */
export async function showAllTokens(deps: PageDeps, c: PageContext): Promise<Response> {
  const ownerId = uuid(c.req.query("owner"));
  return await listPage(deps, c, { ...viewOf(c), path: "/admin/tokens", ownerId });
}

/** Whether the person has a token that ends soon and was not rotated. */
export async function hasExpiringToken(
  { sql, clock }: Pick<PageDeps, "sql" | "clock">,
  ownerId: string,
): Promise<boolean> {
  const now = clock.now();
  const found = await listPersonalAccessTokens(sql, {
    ownerId,
    status: { at: new Date(now), active: true },
    expiringBefore: new Date(now + EXPIRES_SOON_MS),
    limit: 1,
  });
  return found.length > 0;
}

const TITLES = {
  "/tokens": "Personal access tokens",
  "/admin/tokens": "Everybody’s tokens",
};

async function listPage(deps: PageDeps, c: PageContext, view: View): Promise<Response> {
  const { sql, clock } = deps;
  const now = clock.now();
  const { path, ownerId, search, show } = view;
  // A token that was pasted whole does not stay in the address: its beginning finds it too.
  if (search !== undefined && isPersonalAccessToken(search)) {
    return c.redirect(address({ ...view, search: tokenPrefix(search) }), 303);
  }
  const own = path === "/tokens";
  const tokenPage = await readTokenPage(deps, view, now);
  const ended = show !== undefined || !tokenPage.isFirst
    ? []
    : await listPersonalAccessTokens(sql, {
      ownerId,
      search,
      status: { at: new Date(now), active: false },
      limit: MAX_INACTIVE + 1,
    });
  const rows = await withPlaces(deps, tokenPage.tokens);
  const endsSoon = own && show === undefined && await hasExpiringToken(deps, ownerId!);
  return await renderPage(deps, c, {
    title: TITLES[path],
    children: (
      <main class="wide">
        <h1>{TITLES[path]}</h1>
        {own && (
          <>
            <p>
              A token lets a program act as you where nobody can log in: a CI job, a script on a
              server. Make one for each, with no more scopes than it needs.
            </p>
            <p>
              <a class="button main" href="/tokens/new">Make a token</a>
            </p>
          </>
        )}
        {!own && ownerId !== undefined && (
          <>
            <p>
              Tokens of one owner alone. <a href={path}>Show everybody’s</a>
            </p>
            {show !== "inactive" && rows.length > 0 && (
              <p>
                <a class="button" href={revokeAllPath(ownerId)}>Revoke all of this owner’s</a>
              </p>
            )}
          </>
        )}
        {endsSoon && (
          <p class="care">
            Tokens of yours end within a week.{" "}
            <a href={address({ path, show: "expiring" })}>Show them</a>{" "}
            and rotate those that are in use.
          </p>
        )}
        <Search view={view} />
        {show !== undefined && (
          <h2>{show === "inactive" ? "Revoked and expired" : "Ending within a week"}</h2>
        )}
        {rows.length === 0
          ? (
            <p class="quiet">
              {search === undefined
                ? "There is none."
                : "No name has this in it, and no token begins with it. Look at the spelling, or leave the field empty."}
            </p>
          )
          : <List rows={rows} now={now} own={own} />}
        <PageLinks view={view} page={tokenPage} />
        {ended.length > 0 && (
          <>
            <h2>Revoked and expired</h2>
            <List rows={await withPlaces(deps, ended.slice(0, MAX_INACTIVE))} now={now} own={own} />
            {ended.length > MAX_INACTIVE && (
              <p>
                <a
                  href={address({ ...view, after: undefined, before: undefined, show: "inactive" })}
                >
                  All that have ended
                </a>
              </p>
            )}
          </>
        )}
      </main>
    ),
  });
}

async function withPlaces(
  deps: PageDeps,
  tokens: readonly PersonalAccessToken[],
): Promise<Row[]> {
  return await Promise.all(
    tokens.map(async (token) => ({ token, place: await lastUsedPlace(deps, token) })),
  );
}

function Search({ view: { path, ownerId, search, show } }: { view: View }) {
  return (
    <form class="search" method="get" action={path} role="search">
      <div>
        <label for="search">Name or beginning of a token</label>
        <input
          id="search"
          name="search"
          type="search"
          maxlength={MAX_SEARCH}
          autocapitalize="none"
          autocomplete="off"
          spellcheck={false}
          value={search ?? ""}
        />
      </div>
      {show !== undefined && <input type="hidden" name="show" value={show} />}
      {path === "/admin/tokens" && ownerId !== undefined && (
        <input type="hidden" name="owner" value={ownerId} />
      )}
      <button type="submit">Search</button>
    </form>
  );
}

function List({ rows, now, own }: { rows: readonly Row[]; now: number; own: boolean }) {
  return (
    <ul class="logins tokens">
      {rows.map(({ token, place }) => (
        <li>
          <div>
            <p>
              <a href={`/tokens/${token.id}`}>
                <strong>
                  <TokenName token={token} />
                </strong>
              </a>
            </p>
            <p class="quiet small">
              <TokenPrefix token={token} />, <TokenStatus token={token} now={now} />
            </p>
            {!own && (
              <p class="quiet small">
                {"of "}
                <a href={`/admin/tokens?owner=${token.owner.id}`}>
                  <UntrustedText text={token.owner.username} />
                </a>
                {token.owner.kind === "service_account" && ", a service account"}
              </p>
            )}
            <p class="quiet small">
              May <UntrustedText text={scopeWords(token)} max={256} />
            </p>
            <p class="quiet small">
              <TokenLastUse token={token} place={place} now={now} />,{" "}
              <TokenOrigin token={token} now={now} />
            </p>
          </div>
          {isActive(token, now) && (
            <p class="acts">
              {own && (
                <a href={`/tokens/${token.id}/rotate`}>
                  Rotate<span class="hidden">{` the token ${tokenName(token)}`}</span>
                </a>
              )}
              <a href={`/tokens/${token.id}/revoke`}>
                Revoke<span class="hidden">{` the token ${tokenName(token)}`}</span>
              </a>
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}

function scopeWords({ scope }: PersonalAccessToken): string {
  return (parseScope(scope) ?? []).join(", ") || "say whose it is, nothing else";
}
