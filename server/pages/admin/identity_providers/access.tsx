import { setIdentityProviderDisabled } from "../../../admin/identity_providers/operations.ts";
import { DomainError } from "../../../domain_error.ts";
import { providerTitle } from "../../../identity_providers/templates.ts";
import type { PageContext } from "../../context.ts";
import { errorPage, toPageError } from "../../http/error_page.tsx";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { findProvider } from "./find_provider.tsx";
import { providerCrumbs, providerPath, PROVIDERS_PATH } from "./paths.ts";

/** GET /admin/identity-providers/disable?provider=… and …/enable?provider=… */
export async function showProviderAccess(deps: PageDeps, c: PageContext): Promise<Response> {
  const provider = await findProvider(deps, c, c.get("query")("provider"));
  if (provider instanceof Response) return provider;
  const { name, required, domains } = provider;
  const disabling = isDisabling(c);
  return await confirmationPage(deps, c, {
    name: disabling ? "disable_identity_provider" : "enable_identity_provider",
    title: disabling ? "Disable this identity provider?" : "Enable this identity provider?",
    breadcrumbs: providerCrumbs(name),
    fields: { provider: name },
    confirm: disabling ? "Disable provider" : "Enable provider",
    harmless: !disabling,
    cancelPath: providerPath("show", name),
    children: (
      <>
        <p>
          <strong>
            <UntrustedText text={providerTitle(provider)} max={100} />
          </strong>{" "}
          (<code>{name}</code>)
        </p>
        <ul>
          <li>
            {disabling
              ? "No one can sign in with it; who is signed in stays so."
              : "Its button is on the sign-in page."}
          </li>
          {required && (
            <li>
              Users of {domains.join(", ")} {disabling
                ? "can use a password again."
                : "have to sign in with it, and cannot use a password."}
            </li>
          )}
        </ul>
      </>
    ),
  });
}

/** POST /admin/identity-providers/disable and …/enable */
export async function submitProviderAccess(deps: PageDeps, c: PageContext): Promise<Response> {
  const provider = await findProvider(deps, c, c.get("form")("provider"));
  if (provider instanceof Response) return provider;
  const { name } = provider;
  const disabled = isDisabling(c);
  const changed = await setIdentityProviderDisabled(administrator(deps, c), { name, disabled });
  if (changed instanceof DomainError) return await errorPage(deps, c, toPageError(changed));
  setNotice(
    deps,
    c,
    disabled
      ? { code: "provider_disabled", text: `Disabled ${name}.` }
      : { code: "provider_enabled", text: `Enabled ${name}.` },
  );
  return c.redirect(providerPath("show", name), 303);
}

function isDisabling(c: PageContext): boolean {
  return c.req.path === `${PROVIDERS_PATH}/disable`;
}
