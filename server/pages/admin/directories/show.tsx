import type { PageContext } from "../../context.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { renderPage } from "../../render.tsx";
import { Fact } from "../../ui/facts.tsx";
import { ManagedByFile } from "../../ui/managed_by_file.tsx";
import { PageHeading } from "../../ui/page_heading.tsx";
import { TimeAgo, TimeUntil } from "../../ui/relative_time.tsx";
import { DirectoryState } from "./facts.tsx";
import { findDirectory } from "./find_directory.tsx";
import { DIRECTORIES_CRUMB, directoryPath } from "./paths.ts";

/** GET /admin/directories/show?directory=… */
export async function showOneDirectory(deps: PageDeps, c: PageContext): Promise<Response> {
  const directory = await findDirectory(deps, c, c.get("query")("directory"));
  if (directory instanceof Response) return directory;
  const { name, domains, disabledAt, previousTokenExpiresAt, lastUsedAt, managedBy } = directory;
  const now = deps.clock.now();
  return await renderPage(deps, c, {
    name: "directory",
    title: name,
    breadcrumbs: [DIRECTORIES_CRUMB],
    children: (
      <main class="wide">
        <PageHeading
          title={name}
          actions={
            <>
              {managedBy === null && <a class="button" href={directoryPath("edit", name)}>Edit</a>}
              <a class="button" href={directoryPath("rotate", name)}>Rotate token</a>
              {managedBy === null && (
                <>
                  {disabledAt === null
                    ? <a class="button caution" href={directoryPath("disable", name)}>Disable</a>
                    : <a class="button" href={directoryPath("enable", name)}>Enable</a>}
                  <a class="button caution" href={directoryPath("remove", name)}>Remove</a>
                </>
              )}
            </>
          }
        />
        <ManagedByFile file={managedBy} besides="Only its token is rotated here." />
        <dl>
          <Fact name="State">
            <DirectoryState directory={directory} />
          </Fact>
          {disabledAt !== null && (
            <Fact name="Disabled">
              <TimeAgo at={new Date(disabledAt)} now={now} dated />
            </Fact>
          )}
          <Fact name="Base URL">
            <code>{directory.url}</code>
          </Fact>
          <Fact name="Mail domains" id="domains">
            {domains.length === 0
              ? "Any. It takes over no accounts that exist."
              : domains.map((domain) => <div key={domain}>{domain}</div>)}
          </Fact>
          <Fact name="Users" id="users">{String(directory.users)}</Fact>
          <Fact name="Groups" id="groups">{String(directory.groups)}</Fact>
          <Fact name="Token">
            <code>{`${directory.tokenPrefix}…`}</code>, created{" "}
            <TimeAgo at={new Date(directory.tokenCreatedAt)} now={now} dated />
          </Fact>
          {previousTokenExpiresAt !== null && (
            <Fact name="Previous token" id="previous-token">
              Works until it expires{" "}
              <TimeUntil at={new Date(previousTokenExpiresAt)} now={now} dated />
            </Fact>
          )}
          <Fact name="Last used">
            {lastUsedAt === null ? "Never" : <TimeAgo at={new Date(lastUsedAt)} now={now} dated />}
          </Fact>
          <Fact name="Connected">
            <TimeAgo at={new Date(directory.createdAt)} now={now} dated />
          </Fact>
        </dl>
      </main>
    ),
  });
}
