import { listIdentityProviders } from "../../../admin/identity_providers/operations.ts";
import type { IdentityProviderView } from "../../../admin/identity_providers/view.ts";
import { countQueuedSignIns } from "../../../store/queued_sign_ins.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Badge } from "../../ui/badge.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { PageHeading } from "../../ui/page_heading.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { administrator } from "../administrator.ts";
import { providerPath, PROVIDERS_PATH, REQUESTS_PATH } from "./paths.ts";

/** GET /admin/identity-providers */
export async function showProviders(deps: PageDeps, c: PageContext): Promise<Response> {
  const providers = await listIdentityProviders(administrator(deps, c), {});
  const waiting = await countQueuedSignIns(deps.sql);
  return await renderPage(deps, c, {
    name: "identity_providers",
    title: "Identity providers",
    children: (
      <main class="wide">
        <PageHeading
          title="Identity providers"
          lead="Where users sign in with an account that they have already."
          actions={<a class="button primary" href={`${PROVIDERS_PATH}/add`}>Add provider</a>}
        />
        {waiting > 0 && (
          <p class="warning" id="waiting">
            <a href={REQUESTS_PATH}>
              {formatCount(waiting, "first sign-in")} {waiting === 1 ? "waits" : "wait"}{" "}
              for a decision
            </a>
          </p>
        )}
        {providers.length === 0
          ? (
            <EmptyState id="no-providers" title="There are no identity providers.">
              <p>
                Add Google, Microsoft, Okta, GitHub or another one, and test it before users see it.
              </p>
            </EmptyState>
          )
          : <ProviderTable providers={providers} />}
        {waiting === 0 && providers.length > 0 && (
          <p>
            <a href={REQUESTS_PATH}>First sign-ins</a>
          </p>
        )}
      </main>
    ),
  });
}

function ProviderTable({ providers }: { providers: readonly IdentityProviderView[] }) {
  return (
    <DataTable
      caption="Identity providers"
      rows={providers}
      attributes={({ name }) => ({ "data-provider": name })}
      columns={[
        {
          label: "Provider",
          cell: ({ name, title }) => (
            <>
              <a href={providerPath("show", name)}>
                <strong>
                  <UntrustedText text={title} max={100} />
                </strong>
              </a>
              <p class="muted small">
                <code>{name}</code>
              </p>
            </>
          ),
        },
        { label: "Domains", cell: (provider) => <Domains provider={provider} /> },
        { label: "First sign-in", cell: ({ firstSignIn }) => FIRST_SIGN_IN[firstSignIn].short },
        { label: "Accounts", cell: ({ identities }) => identities },
        { label: "State", cell: ({ disabledAt }) => <State disabledAt={disabledAt} /> },
      ]}
    />
  );
}

export function Domains({ provider }: { provider: IdentityProviderView }) {
  const { domains, required } = provider;
  return (
    <>
      {domains.length === 0 ? "Any" : domains.join(", ")}
      {required && " (required)"}
    </>
  );
}

export function State({ disabledAt }: Pick<IdentityProviderView, "disabledAt">) {
  return disabledAt === null
    ? <Badge tone="good">Enabled</Badge>
    : <Badge tone="bad">Disabled</Badge>;
}

export const FIRST_SIGN_IN: Record<
  IdentityProviderView["firstSignIn"],
  { short: string; long: string }
> = {
  allow: { short: "Allowed", long: "Allow: the user is created" },
  queue: { short: "Queued", long: "Queue: an administrator decides" },
  refuse: { short: "Refused", long: "Refuse" },
};
