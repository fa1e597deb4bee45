import { listOwnedThings } from "../../../admin/owner_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Badge } from "../../ui/badge.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { personPath } from "../people/paths.ts";
import { ownerPath, OWNERS_CRUMBS } from "./paths.ts";

/** Who looks after service accounts, trust rules, clients and resources. */
export async function showOwners(deps: PageDeps, c: PageContext): Promise<Response> {
  const owned = await listOwnedThings(deps, {});
  // Only an unknown user is an error, and none was named.
  if (owned instanceof DomainError) throw owned;
  return await renderPage(deps, c, {
    name: "owners",
    title: "Owners",
    breadcrumbs: OWNERS_CRUMBS.slice(0, 1),
    children: (
      <main class="wide">
        <PageHeading
          title="Owners"
          lead="Who looks after what programs and workloads use. An owner gets no rights by this."
        />
        {owned.length === 0
          ? (
            <EmptyState
              id="no-owned"
              title="There are no service accounts, trust rules, clients or resources."
            />
          )
          : (
            <DataTable
              caption="Owners"
              rows={owned}
              attributes={({ kind, name }) => ({ "data-owned": `${kind} ${name}` })}
              columns={[
                {
                  label: "Name",
                  cell: ({ name }) => (
                    <strong>
                      <UntrustedText text={name} max={100} />
                    </strong>
                  ),
                },
                { label: "Kind", cell: ({ kind }) => kind.replace("-", " ") },
                {
                  label: "Owner",
                  cell: ({ owner }) =>
                    owner === null ? <span class="muted">Operator</span> : (
                      <>
                        <a href={personPath(owner.id)}>
                          <UntrustedText text={owner.email} max={254} />
                        </a>{" "}
                        {owner.disabled && <Badge tone="bad">Disabled</Badge>}
                      </>
                    ),
                },
                {
                  label: "Actions",
                  kind: "actions",
                  cell: ({ kind, name }) => (
                    <a class="button" href={ownerPath({ kind, name })}>
                      Change<span class="hidden">{` the owner of ${name}`}</span>
                    </a>
                  ),
                },
              ]}
            />
          )}
      </main>
    ),
  });
}
