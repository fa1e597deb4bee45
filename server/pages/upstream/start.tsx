import { providerTitle } from "../../identity_providers/templates.ts";
import { upstreamPath } from "../../identity_providers/redirect_uri.ts";
import { isAcr } from "../../../shared/oauth/acr.ts";
import { findIdentityProvider, type IdentityProvider } from "../../store/identity_providers.ts";
import { emailProblem } from "../../store/users.ts";
import type { PageContext } from "../context.ts";
import { ACR_PARAMETER } from "../http/browser_session.ts";
import { csrfToken } from "../http/csrf.ts";
import { errorPage } from "../http/error_page.tsx";
import type { PageDeps } from "../http/page_route.ts";
import { safeRedirect } from "../http/safe_redirect.ts";
import { renderPage } from "../render.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";
import { goToProvider } from "./go_to_provider.tsx";

/** The enabled provider in the path, or the error page. */
async function findProvider(
  deps: PageDeps,
  c: PageContext,
): Promise<IdentityProvider | Response> {
  const provider = await findIdentityProvider(deps.sql, c.req.param("provider") ?? "");
  if (provider !== undefined && provider.disabledAt === undefined) return provider;
  return await errorPage(deps, c, {
    code: "not_found",
    id: "provider_not_found",
    title: "No such sign-in method",
    children: (
      <p>
        This server has no such identity provider. <a href="/signin">Go to the sign-in page</a>
      </p>
    ),
  });
}

/**
 * GET /signin/upstream/NAME: asks before it starts a sign-in, since any site can link here. Also the
 * address for providers that start sign-ins (OpenID Connect Core 1.0 section 4).
 */
export async function showUpstreamStart(deps: PageDeps, c: PageContext): Promise<Response> {
  const provider = await findProvider(deps, c);
  if (provider instanceof Response) return provider;
  const title = providerTitle(provider);
  const hint = c.get("query")("login_hint");
  const next = safeRedirect(c.get("query")("next") ?? c.get("query")("target_link_uri"));
  return await renderPage(deps, c, {
    name: "upstream_start",
    title: `Sign in with ${title}`,
    children: (
      <main>
        <h1>Sign in with {title}</h1>
        <form method="post" action={upstreamPath(provider.name)}>
          <CsrfField token={csrfToken(deps, c)} />
          <HiddenFields fields={{ next, ...hint !== undefined && { login_hint: hint } }} />
          <button class="main" type="submit">Continue with {title}</button>
        </form>
        <p class="below">
          <a href="/signin">Other ways to sign in</a>
        </p>
      </main>
    ),
  });
}

/** POST /signin/upstream/NAME */
export async function submitUpstreamStart(deps: PageDeps, c: PageContext): Promise<Response> {
  const provider = await findProvider(deps, c);
  if (provider instanceof Response) return provider;
  const form = c.get("form");
  const session = c.get("session");
  const again = form("again") === "1" && session !== undefined;
  const acr = form(ACR_PARAMETER);
  const hint = form("login_hint");
  return await goToProvider(deps, c, provider, {
    purpose: "sign_in",
    next: safeRedirect(form("next")),
    // Who signs in again has to be the same user.
    userId: again ? session.user.id : undefined,
    fresh: again,
    acr: isAcr(acr) && acr !== "1fa" ? acr : undefined,
    loginHint: hint === undefined || emailProblem(hint) ? undefined : hint,
  });
}
