import { removeIdentityProvider } from "../../../admin/identity_providers/operations.ts";
import { DomainError } from "../../../domain_error.ts";
import { providerTitle } from "../../../identity_providers/templates.ts";
import { countProviderBelongings } from "../../../store/identity_providers.ts";
import type { PageContext } from "../../context.ts";
import { errorPage, toPageError } from "../../http/error_page.tsx";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { findProvider } from "./find_provider.tsx";
import { providerCrumbs, providerPath, PROVIDERS_PATH } from "./paths.ts";

/** GET /admin/identity-providers/remove?provider=… */
export async function showRemoveProvider(deps: PageDeps, c: PageContext): Promise<Response> {
  const provider = await findProvider(deps, c, c.get("query")("provider"));
  if (provider instanceof Response) return provider;
  const { name, groupsClaim } = provider;
  const { identities, only } = await countProviderBelongings(deps.sql, name);
  return await confirmationPage(deps, c, {
    name: "remove_identity_provider",
    title: "Remove this identity provider?",
    breadcrumbs: providerCrumbs(name),
    fields: { provider: name },
    confirm: "Remove provider",
    cancelPath: providerPath("show", name),
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={providerTitle(provider)} max={100} />
          </strong>{" "}
          (<code>{provider.issuer}</code>)
        </p>
        <ul>
          <li>{formatCount(identities, "linked account")} can no longer be used to sign in.</li>
          {only > 0 && <li>{formatCount(only, "user")} have no other way to sign in.</li>}
          <li>Browsers in which users signed in with it are signed out.</li>
          {groupsClaim !== undefined && (
            <li>Its users lose the groups that it says they are in.</li>
          )}
        </ul>
        <p>This cannot be undone. To turn it off for a while, disable it instead.</p>
      </>
    ),
  });
}

/** POST /admin/identity-providers/remove */
export async function submitRemoveProvider(deps: PageDeps, c: PageContext): Promise<Response> {
  const provider = await findProvider(deps, c, c.get("form")("provider"));
  if (provider instanceof Response) return provider;
  const { name } = provider;
  const removed = await removeIdentityProvider(administrator(deps, c), { name });
  if (removed instanceof DomainError) return await errorPage(deps, c, toPageError(removed));
  setNotice(deps, c, {
    code: "provider_removed",
    text: `Removed ${name}, with ${formatCount(removed.identities, "linked account")}.`,
  });
  return c.redirect(PROVIDERS_PATH, 303);
}
