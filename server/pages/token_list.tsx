import { parseScope } from "../../shared/scope.ts";
import { cursorAfter, readCursor } from "../personal_access_tokens/list_cursor.ts";
import {
  listPersonalAccessTokens,
  type PersonalAccessToken,
} from "../store/personal_access_tokens.ts";
import { redirectToSignIn } from "./browser_session.ts";
import { uuid } from "./device_confirm.tsx";
import { onlyAdministrators } from "./only_administrators.tsx";
import { page, type PageContext, type PageParts } from "./page.tsx";
import {
  ENDING_SOON,
  isLiving,
  lastPlace,
  TokenEnd,
  TokenName,
  tokenName,
  TokenOrigin,
  TokenStart,
  TokenUse,
} from "./token_parts.tsx";
import { Foreign } from "./foreign.tsx";

const PAGE_LENGTH = 25;
/** Tokens that have ended, below those that live. */
const LAST_ENDED = 5;
const MAX_SEARCH = 100;

/** What a list shows, as its address says it. */
interface View {
  path: "/tokens" | "/admin/tokens";
  /** Undefined: everybody's. */
  ownerId?: string;
  search?: string;
  show?: "ended" | "ending";
  after?: string;
}

/** A token and the place of its last use. */
interface Row {
  token: PersonalAccessToken;
  place?: string;
}

/** GET /tokens: the person's own. */
export async function showTokens(parts: PageParts, c: PageContext): Promise<Response> {
  const session = c.get("session");
  if (session === undefined) return redirectToSignIn(c, "/tokens");
  return await listPage(parts, c, { ...viewOf(c), path: "/tokens", ownerId: session.user.id });
}

/** GET /admin/tokens: everybody's, or one owner's. */
export async function showAllTokens(parts: PageParts, c: PageContext): Promise<Response> {
  const path = "/admin/tokens";
  const refusal = await onlyAdministrators(parts, c, path);
  return refusal ??
    await listPage(parts, c, { ...viewOf(c), path, ownerId: uuid(c.req.query("owner")) });
}

/** Whether the person has a token that ends soon and was not rotated. */
export async function anyTokenEndsSoon(
  { sql, clock }: Pick<PageParts, "sql" | "clock">,
  ownerId: string,
): Promise<boolean> {
  const now = clock.now();
  const found = await listPersonalAccessTokens(sql, {
    ownerId,
    standing: { at: new Date(now), living: true },
    endingBefore: new Date(now + ENDING_SOON),
    limit: 1,
  });
  return found.length > 0;
}

function viewOf(c: PageContext): Pick<View, "search" | "show" | "after"> {
  const search = (c.req.query("search") ?? "").trim().slice(0, MAX_SEARCH);
  const show = c.req.query("show");
  return {
    // The database takes no NUL in a text.
    search: search.replaceAll("\0", "") || undefined,
    show: show === "ended" || show === "ending" ? show : undefined,
    after: c.req.query("after"),
  };
}

function address({ path, ownerId, search, show, after }: View): string {
  const query = new URLSearchParams();
  if (path === "/admin/tokens" && ownerId !== undefined) query.set("owner", ownerId);
  if (search !== undefined) query.set("search", search);
  if (show !== undefined) query.set("show", show);
  if (after !== undefined) query.set("after", after);
  return query.size === 0 ? path : `${path}?${query}`;
}

const TITLES = {
  "/tokens": "Personal access tokens",
  "/admin/tokens": "Everybody’s tokens",
};

async function listPage(parts: PageParts, c: PageContext, view: View): Promise<Response> {
  const { sql, clock } = parts;
  const now = clock.now();
  const { path, ownerId, search, show } = view;
  const own = path === "/tokens";
  const asked = { ownerId, search };
  const found = await listPersonalAccessTokens(sql, {
    ...asked,
    standing: { at: new Date(now), living: show !== "ended" },
    endingBefore: show === "ending" ? new Date(now + ENDING_SOON) : undefined,
    after: view.after === undefined ? undefined : readCursor(view.after),
    limit: PAGE_LENGTH + 1,
  });
  const shown = found.slice(0, PAGE_LENGTH);
  const next = found.length > PAGE_LENGTH ? cursorAfter(shown.at(-1)!) : undefined;
  const ended = show !== undefined || view.after !== undefined
    ? []
    : await listPersonalAccessTokens(sql, {
      ...asked,
      standing: { at: new Date(now), living: false },
      limit: LAST_ENDED + 1,
    });
  const rows = await withPlaces(parts, shown);
  const endsSoon = own && show === undefined && await anyTokenEndsSoon(parts, ownerId!);
  return await page(parts, c, {
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
          <p>
            Tokens of one owner alone. <a href={path}>Show everybody’s</a>
          </p>
        )}
        {endsSoon && (
          <p class="care">
            Tokens of yours end within a week.{" "}
            <a href={address({ path, show: "ending" })}>Show them</a>{" "}
            and rotate those that are in use.
          </p>
        )}
        <Search view={view} />
        {show !== undefined && (
          <h2>{show === "ended" ? "Revoked and expired" : "Ending within a week"}</h2>
        )}
        {rows.length === 0
          ? (
            <p class="quiet">
              {search === undefined
                ? "There is none."
                : "None has this in its name. Look at the spelling, or leave the field empty."}
            </p>
          )
          : <List rows={rows} now={now} own={own} />}
        {(next !== undefined || view.after !== undefined || show !== undefined) && (
          <nav class="pages" aria-label="Pages">
            {view.after !== undefined
              ? <a href={address({ ...view, after: undefined })}>First page</a>
              : show !== undefined
              ? <a href={address({ ...view, show: undefined })}>All that live</a>
              : <span />}
            {next !== undefined && <a href={address({ ...view, after: next })}>Next page</a>}
          </nav>
        )}
        {ended.length > 0 && (
          <>
            <h2>Revoked and expired</h2>
            <List rows={await withPlaces(parts, ended.slice(0, LAST_ENDED))} now={now} own={own} />
            {ended.length > LAST_ENDED && (
              <p>
                <a href={address({ ...view, show: "ended" })}>All that have ended</a>
              </p>
            )}
          </>
        )}
      </main>
    ),
  });
}

async function withPlaces(
  parts: PageParts,
  tokens: readonly PersonalAccessToken[],
): Promise<Row[]> {
  return await Promise.all(
    tokens.map(async (token) => ({ token, place: await lastPlace(parts, token) })),
  );
}

function Search({ view: { path, ownerId, search, show } }: { view: View }) {
  return (
    <form class="search" method="get" action={path} role="search">
      <div>
        <label for="search">Search by name</label>
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
              <TokenStart token={token} />, <TokenEnd token={token} now={now} />
            </p>
            {!own && (
              <p class="quiet small">
                {"of "}
                <a href={`/admin/tokens?owner=${token.owner.id}`}>
                  <Foreign text={token.owner.username} />
                </a>
                {token.owner.kind === "service_account" && ", a service account"}
              </p>
            )}
            <p class="quiet small">
              May <Foreign text={scopeWords(token)} max={256} />
            </p>
            <p class="quiet small">
              <TokenUse token={token} place={place} now={now} />,{" "}
              <TokenOrigin token={token} now={now} />
            </p>
          </div>
          {isLiving(token, now) && (
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
