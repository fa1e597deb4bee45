import { brand } from "../../../../shared/brand.ts";
import { type DirectoryView, listAllDirectories } from "../../../admin/directory_operations.ts";
import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { DataTable } from "../../ui/data_table.tsx";
import { EmptyState } from "../../ui/empty_state.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo } from "../../ui/relative_time.tsx";
import { DirectoryState } from "./facts.tsx";
import { DIRECTORIES_PATH, directoryPath } from "./paths.ts";

/** GET /admin/directories: all of them, since there are few. */
export async function showDirectories(deps: PageDeps, c: PageContext): Promise<Response> {
  const directories = await listAllDirectories(deps, {});
  return await renderPage(deps, c, {
    name: "directories",
    title: "Directories",
    children: (
      <main class="wide">
        <PageHeading
          title="Directories"
          lead="Okta, Microsoft Entra ID and others that provision users and groups over SCIM."
          actions={<a class="button primary" href={`${DIRECTORIES_PATH}/add`}>Connect directory</a>}
        />
        {directories.length === 0
          ? <NoDirectories />
          : <Directories directories={directories} now={deps.clock.now()} />}
      </main>
    ),
  });
}

function NoDirectories() {
  return (
    <EmptyState id="no-directories" title="No directories.">
      <p>
        A directory creates the accounts of your users and disables them when they leave.{" "}
        <a href={`${DIRECTORIES_PATH}/add`}>Connect one</a>, or run{" "}
        <code>{`${brand.binaryName} admin scim add NAME`}</code> on the server.
      </p>
    </EmptyState>
  );
}

function Directories(
  { directories, now }: { directories: readonly DirectoryView[]; now: number },
) {
  return (
    <DataTable
      caption="Directories"
      rows={directories}
      attributes={({ name }) => ({ "data-directory": name })}
      columns={[
        {
          label: "Directory",
          cell: ({ name }) => (
            <a href={directoryPath("show", name)}>
              <strong>{name}</strong>
            </a>
          ),
        },
        { label: "State", cell: (directory) => <DirectoryState directory={directory} /> },
        { label: "Users", cell: ({ users }) => String(users) },
        { label: "Groups", cell: ({ groups }) => String(groups) },
        {
          label: "Mail domains",
          cell: ({ domains }) =>
            domains.length === 0 ? <span class="muted">Any</span> : domains.join(", "),
        },
        {
          label: "Last used",
          cell: ({ lastUsedAt }) =>
            lastUsedAt === null
              ? <span class="muted">Never</span>
              : <TimeAgo at={new Date(lastUsedAt)} now={now} />,
        },
      ]}
    />
  );
}
