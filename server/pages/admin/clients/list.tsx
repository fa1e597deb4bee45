import { brand } from "../../../../shared/brand.ts";
import type { ClientView } from "../../../admin/client_operations.ts";
import type { ClientSort } from "../../../store/clients.ts";
import { listMatchingClients } from "../../../admin/list_clients.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { PageNumbers } from "../../ui/page_numbers.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { SearchForm } from "../../ui/search_form.tsx";
import { columnSort, formatSort } from "../../ui/sort.ts";
import { UntrustedText } from "../../ui/untrusted_text.tsx";
import { ClientState, grantsText } from "./facts.tsx";
import { clientPath, CLIENTS_PATH } from "./paths.ts";
import {
  clientsFilter,
  clientsUrl,
  type ClientsView,
  MAX_SEARCH,
  PAGE_LENGTH,
  readClientsView,
} from "./view.ts";

const FILTERS: [label: string, show: ClientsView["show"]][] = [
  ["All", undefined],
  ["Public", "public"],
  ["Confidential", "confidential"],
  ["Disabled", "disabled"],
];

/** The list of clients. */
export async function showClients(deps: PageDeps, c: PageContext): Promise<Response> {
  const view = readClientsView(c);
  const { search, show, sort, page } = view;
  const { clients, total } = await listMatchingClients(deps, {
    ...clientsFilter(view),
    sort,
    limit: PAGE_LENGTH,
    offset: (page - 1) * PAGE_LENGTH,
  });
  // Clients were removed, or someone typed the number.
  if (clients.length === 0 && page > 1) return c.redirect(clientsUrl({ ...view, page: 1 }), 303);
  return await renderPage(deps, c, {
    name: "clients",
    title: "Clients",
    children: (
      <main class="wide">
        <PageHeading
          title="Clients"
          lead="Programs that log users in, and services that check tokens."
          actions={<a class="button primary" href={`${CLIENTS_PATH}/add`}>Add client</a>}
        />
        <div class="toolbar">
          <nav class="filters" aria-label="Filter">
            {FILTERS.map(([label, filter]) => (
              <a
                href={clientsUrl({ ...view, show: filter, page: 1 })}
                aria-current={show === filter ? "true" : undefined}
              >
                {label}
              </a>
            ))}
          </nav>
          <SearchForm
            action={CLIENTS_PATH}
            label="Name or client ID"
            maxLength={MAX_SEARCH}
            value={search}
            kept={{ show, sort: formatSort(sort) }}
          />
        </div>
        {clients.length === 0
          ? <NoClients view={view} />
          : <Clients clients={clients} view={view} now={deps.clock.now()} />}
        <PageNumbers
          page={page}
          length={PAGE_LENGTH}
          total={total}
          url={(page) => clientsUrl({ ...view, page })}
        />
      </main>
    ),
  });
}

function NoClients({ view: { search, show } }: { view: ClientsView }) {
  if (search !== undefined) {
    return <EmptyState id="no-clients" title="No clients match your search." />;
  }
  return (
    <EmptyState
      id="no-clients"
      title={show === "disabled" ? "No disabled clients." : "No clients in this list."}
    >
      {show === "confidential" && (
        <p>
          An API that asks this server whether a token is valid is a confidential client.{" "}
          <a href={`${CLIENTS_PATH}/add`}>Add one</a>, or run{" "}
          <code>{`${brand.binaryName} admin client add NAME`}</code> on the server.
        </p>
      )}
    </EmptyState>
  );
}

function Clients(
  { clients, view, now }: { clients: readonly ClientView[]; view: ClientsView; now: number },
) {
  const sorted = (by: ClientSort["by"], latestFirst = false) =>
    columnSort(
      by,
      view.sort ?? { by: "created", descending: false },
      (sort) => clientsUrl({ ...view, sort, page: 1 }),
      { latestFirst },
    );
  return (
    <DataTable
      caption="Clients"
      rows={clients}
      attributes={({ id }) => ({ "data-client": id })}
      columns={[
        {
          label: "Client",
          sort: sorted("name"),
          cell: ({ id, name }) => (
            <>
              <a href={clientPath("show", id)}>
                <strong>
                  <UntrustedText text={name} />
                </strong>
              </a>
              <p class="muted small">
                <code>{id}</code>
              </p>
            </>
          ),
        },
        { label: "Type", cell: ({ type }) => type === "public" ? "Public" : "Confidential" },
        { label: "Grants", cell: (client) => grantsText(client) },
        { label: "State", cell: (client) => <ClientState client={client} /> },
        {
          label: "Added",
          sort: sorted("created", true),
          cell: ({ isBuiltIn, createdAt }) =>
            isBuiltIn || createdAt === null
              ? <span class="muted">With the server</span>
              : <TimeAgo at={new Date(createdAt)} now={now} />,
        },
      ]}
    />
  );
}
