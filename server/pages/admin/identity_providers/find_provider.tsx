import { findIdentityProvider, type IdentityProvider } from "../../../store/identity_providers.ts";
import type { PageContext } from "../../context.ts";
import { errorPage } from "../../http/error_page.tsx";
import type { PageDeps } from "../../http/page_route.ts";
import { PROVIDERS_PATH } from "./paths.ts";

/** The provider with this name, or the error page. */
export async function findProvider(
  deps: PageDeps,
  c: PageContext,
  name = "",
): Promise<IdentityProvider | Response> {
  const provider = await findIdentityProvider(deps.sql, name);
  return provider ?? await errorPage(deps, c, {
    code: "not_found",
    id: "provider_not_found",
    title: "Identity provider not found",
    children: (
      <p>
        There is no such identity provider; it may have been removed.{" "}
        <a href={PROVIDERS_PATH}>View all identity providers</a>
      </p>
    ),
  });
}
