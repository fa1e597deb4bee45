import { TEST_PATH } from "../../identity_providers/redirect_uri.ts";
import { providerTitle } from "../../identity_providers/templates.ts";
import { findProviderTestByToken, startProviderTest } from "../../store/identity_provider_tests.ts";
import { findIdentityProvider } from "../../store/identity_providers.ts";
import { tokenHash } from "../../tokens/token_hash.ts";
import type { PageContext } from "../context.ts";
import { csrfToken } from "../http/csrf.ts";
import { errorPage } from "../http/error_page.tsx";
import type { PageDeps } from "../http/page_route.ts";
import { renderPage } from "../render.tsx";
import { CsrfField, HiddenFields } from "../ui/hidden_fields.tsx";
import { goToProvider } from "./go_to_provider.tsx";

/** GET /signin/test-provider?test=…: the link of `admin idp test`. */
export async function showTestLink(deps: PageDeps, c: PageContext): Promise<Response> {
  const token = c.get("query")("test") ?? "";
  const test = await findProviderTestByToken(deps.sql, tokenHash(token));
  const isUsable = test !== undefined && test.startedAt === undefined &&
    test.expiresAt.getTime() > deps.clock.now();
  const provider = isUsable ? await findIdentityProvider(deps.sql, test.provider) : undefined;
  if (provider === undefined) return await linkNotUsable(deps, c);
  // The token is in the query.
  c.header("Referrer-Policy", "strict-origin");
  return await renderPage(deps, c, {
    name: "test_provider",
    title: `Test ${provider.name}`,
    children: (
      <main>
        <h1>Test {provider.name}</h1>
        <p>
          Sign in at {providerTitle(provider)}{" "}
          as a user would. Then this page shows what it sends, and what would happen. Nothing is
          changed, and you are not signed in here.
        </p>
        <form method="post" action={TEST_PATH}>
          <CsrfField token={csrfToken(deps, c)} />
          <HiddenFields fields={{ test: token }} />
          <button class="main" type="submit">Continue with {providerTitle(provider)}</button>
        </form>
      </main>
    ),
  });
}

/** POST /signin/test-provider. Uses the link, so that it shows the claims of one account only. */
export async function submitTestLink(deps: PageDeps, c: PageContext): Promise<Response> {
  const now = new Date(deps.clock.now());
  const test = await startProviderTest(deps.sql, {
    tokenHash: tokenHash(c.get("form")("test") ?? ""),
    now,
  });
  const provider = test && await findIdentityProvider(deps.sql, test.provider);
  if (provider === undefined) return await linkNotUsable(deps, c);
  return await goToProvider(deps, c, provider, {
    purpose: "test",
    testId: test!.id,
    next: "/",
    fresh: false,
  });
}

async function linkNotUsable(deps: PageDeps, c: PageContext): Promise<Response> {
  return await errorPage(deps, c, {
    code: "gone",
    id: "test_link_used",
    title: "This link cannot be used",
    children: <p>It works once, for 15 minutes. Start the test again to get another link.</p>,
  });
}
