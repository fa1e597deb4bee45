import { startIdentityProviderTest } from "../../../admin/identity_providers/test_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import { providerTitle } from "../../../identity_providers/templates.ts";
import type { PageContext } from "../../context.ts";
import { errorPage, toPageError } from "../../http/error_page.tsx";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { goToProvider } from "../../upstream/go_to_provider.tsx";
import { administrator } from "../administrator.ts";
import { findProvider } from "./find_provider.tsx";
import { providerCrumbs, providerPath } from "./paths.ts";

/** GET /admin/identity-providers/test?provider=… */
export async function showTestProvider(deps: PageDeps, c: PageContext): Promise<Response> {
  const provider = await findProvider(deps, c, c.get("query")("provider"));
  if (provider instanceof Response) return provider;
  const { name } = provider;
  const title = providerTitle(provider);
  return await confirmationPage(deps, c, {
    name: "test_identity_provider",
    title: `Test ${name}?`,
    breadcrumbs: providerCrumbs(name),
    fields: { provider: name },
    confirm: `Continue with ${title}`,
    harmless: true,
    cancelPath: providerPath("show", name),
    children: (
      <p>
        Sign in at {title}{" "}
        as a user would. Then a page shows what it sends, and which user and groups would follow, or
        why the sign-in would be refused. Nothing is changed, and this browser keeps its session.
      </p>
    ),
  });
}

/** POST /admin/identity-providers/test */
export async function submitTestProvider(deps: PageDeps, c: PageContext): Promise<Response> {
  const provider = await findProvider(deps, c, c.get("form")("provider"));
  if (provider instanceof Response) return provider;
  const test = await startIdentityProviderTest(administrator(deps, c), { name: provider.name });
  if (test instanceof DomainError) return await errorPage(deps, c, toPageError(test));
  return await goToProvider(deps, c, provider, {
    purpose: "test",
    testId: test.id,
    next: "/",
    fresh: false,
  });
}
