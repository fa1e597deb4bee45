import { providerView } from "../../../admin/identity_providers/view.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Fact } from "../../ui/facts.tsx";
import { ManagedByFile } from "../../ui/managed_by_file.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { findProvider } from "./find_provider.tsx";
import { Domains, FIRST_SIGN_IN, State } from "./list.tsx";
import { providerPath, PROVIDERS_CRUMB, REQUESTS_PATH } from "./paths.ts";

/** GET /admin/identity-providers/show?provider=… */
export async function showProvider(deps: PageDeps, c: PageContext): Promise<Response> {
  const stored = await findProvider(deps, c, c.get("query")("provider"));
  if (stored instanceof Response) return stored;
  const provider = await providerView(deps, stored);
  const { name, title, disabledAt, acrMapping, queued, managedBy } = provider;
  const toggle = disabledAt === null ? "disable" : "enable";
  const acrValues = Object.entries(acrMapping ?? {}).map((entry) => entry.join("="));
  return await renderPage(deps, c, {
    name: "identity_provider",
    title,
    breadcrumbs: [PROVIDERS_CRUMB],
    crumb: name,
    children: (
      <main class="wide">
        <PageHeading
          title={<UntrustedText text={title} max={100} />}
          lead={<code>{provider.issuer}</code>}
          actions={
            <>
              <a class="button primary" href={providerPath("test", name)}>Test</a>
              {managedBy === null && (
                <>
                  <a class="button" href={providerPath("edit", name)}>Edit</a>
                  <a class="button" href={providerPath(toggle, name)}>
                    {disabledAt === null ? "Disable" : "Enable"}
                  </a>
                  <a class="button caution" href={providerPath("remove", name)}>Remove</a>
                </>
              )}
            </>
          }
        />
        <ManagedByFile file={managedBy} />
        <dl>
          <Fact name="State">
            <State disabledAt={disabledAt} />
          </Fact>
          <Fact name="Name">
            <code>{name}</code>
          </Fact>
          <Fact name="Kind">{provider.template}</Fact>
          <Fact name="Redirect URI" id="redirect-uri">
            <code>{provider.redirectUri}</code>
          </Fact>
          <Fact name="Client ID">
            <code>
              <UntrustedText text={provider.clientId} max={200} />
            </code>
          </Fact>
          <Fact name="Mail domains">
            <Domains provider={provider} />
          </Fact>
          <Fact name="Addresses">
            {provider.trustsAddresses
              ? "Every address that it sends counts as verified"
              : "Count if it calls them verified"}
          </Fact>
          <Fact name="First sign-in">{FIRST_SIGN_IN[provider.firstSignIn].long}</Fact>
          <Fact name="Groups claim">
            {provider.groupsClaim === null ? "None" : <code>{provider.groupsClaim}</code>}
          </Fact>
          <Fact name="Second factors">
            {acrMapping === null
              ? "Its acr and amr do not count"
              : `Its acr and amr count${
                acrValues.length > 0 ? `, with ${acrValues.join(" ")}` : ""
              }`}
          </Fact>
          {provider.scopes.length > 0 && (
            <Fact name="Further scopes">{provider.scopes.join(" ")}</Fact>
          )}
          <Fact name="Re-check">
            {provider.recheck ? "Refresh tokens are kept" : "Refresh tokens are not kept"}
          </Fact>
          <Fact name="Linked accounts">{provider.identities}</Fact>
          <Fact name="Waiting first sign-ins">
            {queued === 0 ? 0 : <a href={REQUESTS_PATH}>{queued}</a>}
          </Fact>
          <Fact name="Added">
            <TimeAgo at={stored.createdAt} now={deps.clock.now()} dated />
          </Fact>
        </dl>
      </main>
    ),
  });
}
