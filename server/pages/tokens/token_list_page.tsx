import type { Child } from "hono/jsx";
import type { Clock } from "../../../shared/clock.ts";
import type { GeoipLookup } from "../../geoip.ts";
import type { Sql } from "../../store/db/connect.ts";
import { listPersonalAccessTokens } from "../../store/pats/list.ts";
import type { PersonalAccessToken } from "../../store/pats/types.ts";
import { isPersonalAccessToken, tokenPrefix } from "../../tokens/personal_access_token.ts";
import type { PageContext } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { EmptyState } from "../ui/empty_state.tsx";
import { PageHeading } from "../ui/page_heading.tsx";
import { SearchForm } from "../ui/search_form.tsx";
import { columnSort, formatSort } from "../ui/sort.ts";
import { PageLinks, readTokenPage } from "./pagination.tsx";
import { tokenRows } from "./token_rows.tsx";
import { firstPage, MAX_SEARCH, type TokenView, viewUrl } from "./view.ts";

/** Revoked and expired tokens below the active ones. */
const MAX_INACTIVE = 5;

export interface TokenListDeps extends RenderDeps {
  sql: Sql;
  clock: Clock;
  placeOf: GeoipLookup;
}

/** A page with a list of tokens. `intro` is above it; its parameter is what the list shows first. */
export async function tokenListPage(
  deps: TokenListDeps,
  c: PageContext,
  { name, title, lead, actions, view, intro, empty }: {
    /** See PageContent. */
    name: string;
    title: string;
    /** See PageHeading. */
    lead: Child;
    actions?: (tokens: readonly PersonalAccessToken[]) => Child;
    view: TokenView;
    /** Between the heading and the list. */
    intro?: Child;
    /** How to create the first token. */
    empty: Child;
  },
): Promise<Response> {
  const { search, show } = view;
  // A whole token must not stay in the URL. Its prefix finds it as well.
  if (search !== undefined && isPersonalAccessToken(search)) {
    return c.redirect(viewUrl({ ...view, search: tokenPrefix(search) }), 303);
  }
  const now = deps.clock.now();
  const isOwn = view.path === "/tokens";
  const page = await readTokenPage(deps, view, now);
  const inactive = show === undefined && page.isFirst ? await listInactive(deps, view, now) : [];
  return await renderPage(deps, c, {
    name,
    title,
    children: (
      <main class="wide">
        <PageHeading title={title} lead={lead} actions={actions?.(page.tokens)} />
        {intro}
        <div class="toolbar">
          <Filters view={view} />
          <SearchForm
            action={view.path}
            label="Name or prefix"
            maxLength={MAX_SEARCH}
            value={view.search}
            kept={{
              show: view.show,
              sort: formatSort(view.sort),
              owner: view.path === "/admin/tokens" ? view.ownerId : undefined,
            }}
          />
        </div>
        {page.tokens.length === 0
          ? (
            <EmptyState id="no-tokens" title={emptyText(view)}>
              {search === undefined && show === undefined && empty}
            </EmptyState>
          )
          : await tokenRows(deps, {
            tokens: page.tokens,
            now,
            isOwn,
            caption: CAPTIONS[show ?? "active"],
            sort: (by, options) =>
              columnSort(
                by,
                view.sort ?? { by: "created", descending: true },
                (sort) => viewUrl({ ...firstPage(view), sort }),
                options,
              ),
          })}
        <PageLinks view={view} page={page} />
        {inactive.length > 0 && (
          <>
            <h2>Revoked and expired</h2>
            {await tokenRows(deps, {
              tokens: inactive.slice(0, MAX_INACTIVE),
              now,
              isOwn,
              caption: CAPTIONS.inactive,
            })}
            {inactive.length > MAX_INACTIVE && (
              <p>
                <a href={viewUrl({ ...firstPage(view), show: "inactive" })}>
                  All revoked and expired tokens
                </a>
              </p>
            )}
          </>
        )}
      </main>
    ),
  });
}

async function listInactive(
  { sql }: { sql: Sql },
  { ownerId, search }: TokenView,
  now: number,
): Promise<PersonalAccessToken[]> {
  return await listPersonalAccessTokens(sql, {
    ownerId,
    search,
    status: { at: new Date(now), active: false },
    limit: MAX_INACTIVE + 1,
  });
}

function emptyText({ search, show }: TokenView): string {
  if (search !== undefined) return "No tokens match your search.";
  if (show === "inactive") return "No revoked or expired tokens.";
  return show === "expiring" ? "No tokens expire soon." : "No active tokens.";
}

const CAPTIONS = {
  active: "Active tokens",
  expiring: "Tokens that expire soon",
  inactive: "Revoked and expired tokens",
} as const;

/** Which tokens the list shows. */
function Filters({ view }: { view: TokenView }) {
  const filters: [label: string, show: TokenView["show"]][] = [
    ["Active", undefined],
    ["Expiring soon", "expiring"],
    ["Revoked and expired", "inactive"],
  ];
  return (
    <nav class="filters" aria-label="Filter">
      {filters.map(([label, show]) => (
        <a
          href={viewUrl({ ...firstPage(view), show })}
          aria-current={view.show === show ? "true" : undefined}
        >
          {label}
        </a>
      ))}
    </nav>
  );
}
