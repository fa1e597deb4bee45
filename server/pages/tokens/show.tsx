import type { Clock } from "../../../shared/clock.ts";
import type { ResourceCatalog } from "../../resources/catalog.ts";
import type { GeoipLookup } from "../../geoip.ts";
import { findOwner } from "../../pats/owner.ts";
import { MAX_DESCRIPTION_LENGTH } from "../../pats/policy.ts";
import { patScopes, scopeNames } from "../../scopes.ts";
import type { Sql } from "../../store/db/connect.ts";
import { auditUrl, historyUrl } from "../admin/audit/view.ts";
import type { PageContext } from "../context.ts";
import { type RenderDeps, renderPage } from "../render.tsx";
import { Fact } from "../ui/facts.tsx";
import { PageHeading } from "../ui/page_heading.tsx";
import { UntrustedText } from "../ui/untrusted_text.tsx";
import { tokenListCrumb } from "./crumbs.ts";
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

interface ShowTokenDeps extends RenderDeps {
  sql: Sql;
  clock: Clock;
  catalog: Pick<ResourceCatalog, "scopes">;
  placeOf: GeoipLookup;
}

/** GET /tokens/{id} */
export async function showToken(deps: ShowTokenDeps, c: PageContext): Promise<Response> {
  const { token, isOwn, mayRotate, mayEdit } = c.get("tokenAccess");
  const now = deps.clock.now();
  const owner = await findOwner(deps.sql, token.owner);
  const ownerScopes = owner && scopeNames(patScopes(deps.catalog.scopes(), owner));
  const place = await lastUsedPlace(deps, token);
  return await renderPage(deps, c, {
    name: "token",
    title: `Token ${tokenName(token)}`,
    breadcrumbs: [tokenListCrumb(isOwn)],
    crumb: tokenName(token),
    children: (
      <main class="wide">
        <PageHeading
          title={<TokenName token={token} />}
          actions={isActive(token, now) && (
            <>
              {mayEdit && <a class="button" href={`/tokens/${token.id}/edit`}>Edit token</a>}
              {mayRotate && <a class="button" href={`/tokens/${token.id}/rotate`}>Rotate token</a>}
              <a class="button caution" href={`/tokens/${token.id}/revoke`}>Revoke token</a>
            </>
          )}
        />
        <dl>
          {!isOwn && (
            <Fact name="Owner">
              <UntrustedText text={token.owner.username} max={254} />
              {token.owner.kind === "service_account" && " (service account)"}
            </Fact>
          )}
          {token.description !== undefined && (
            <Fact name="Description">
              <UntrustedText text={token.description} max={MAX_DESCRIPTION_LENGTH} />
            </Fact>
          )}
          <Fact name="Prefix">
            <TokenPrefix token={token} />
          </Fact>
          <Fact name="Status">
            <TokenStatus token={token} now={now} dated />
          </Fact>
          {token.leak !== undefined && (
            <Fact name="Leak" id="leak">
              <TokenLeak leak={token.leak} now={now} />
            </Fact>
          )}
          <Fact name="Usage">
            <TokenLastUse token={token} place={place} now={now} />
          </Fact>
          <Fact name="Origin">
            <TokenOrigin token={token} now={now} />
          </Fact>
          {c.get("session")?.user.isAdmin && (
            <Fact name="History">
              <a href={historyUrl(token.id)}>From approval to end</a>,{" "}
              <a href={auditUrl({ subject: token.id })}>all events</a>
            </Fact>
          )}
          <Fact name="Scopes">
            <TokenScopes
              scope={token.scope}
              catalog={deps.catalog.scopes()}
              ownerScopes={ownerScopes}
            />
          </Fact>
          {token.resource !== undefined && (
            <Fact name="Accepted by" id="resource">
              <UntrustedText text={token.resource} max={200} />
            </Fact>
          )}
          <Fact name="IP addresses">
            {token.allowedAddresses.length === 0 ? "Any" : token.allowedAddresses.join(", ")}
          </Fact>
        </dl>
      </main>
    ),
  });
}
