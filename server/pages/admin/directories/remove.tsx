import { removeDirectory } from "../../../admin/directory_operations.ts";
import { DomainError } from "../../../domain_error.ts";
import type { PageContext } from "../../context.ts";
import { setNotice } from "../../http/notice.ts";
import type { PageDeps } from "../../http/page_route.ts";
import { confirmationPage } from "../../ui/confirmation.tsx";
import { formatCount } from "../../../../shared/bounded_count.ts";
import { administrator } from "../administrator.ts";
import { directoryNotFound, findDirectory } from "./find_directory.tsx";
import { DIRECTORIES_PATH, directoryCrumbs, directoryPath } from "./paths.ts";

/** GET /admin/directories/remove?directory=… */
export async function showRemoveDirectory(deps: PageDeps, c: PageContext): Promise<Response> {
  const directory = await findDirectory(deps, c, c.get("query")("directory"));
  if (directory instanceof Response) return directory;
  const { name, users, groups } = directory;
  return await confirmationPage(deps, c, {
    name: "remove_directory",
    title: "Remove this directory?",
    breadcrumbs: directoryCrumbs(name),
    fields: { directory: name },
    confirm: "Remove directory",
    cancelPath: directoryPath("show", name),
    children: (
      <>
        <p>
          <strong>{name}</strong>
        </p>
        <ul>
          <li>Its token stops working.</li>
          {users > 0 && (
            <li>
              {formatCount(users, "account")} {users === 1 ? "stays as it is" : "stay as they are"},
              {" "}
              enabled or disabled. From then on, only administrators change{" "}
              {users === 1 ? "it" : "them"}.
            </li>
          )}
          {groups > 0 && (
            <li>
              {formatCount(groups, "group")} of it{" "}
              {groups === 1 ? "loses its members" : "lose their members"}, and those users the
              scopes of {groups === 1 ? "that group" : "those groups"}.
            </li>
          )}
        </ul>
        <p>
          This cannot be undone. To stop the directory for a while,{" "}
          <a href={directoryPath("disable", name)}>disable it</a> instead.
        </p>
      </>
    ),
  });
}

/** POST /admin/directories/remove */
export async function submitRemoveDirectory(deps: PageDeps, c: PageContext): Promise<Response> {
  const directory = await findDirectory(deps, c, c.get("form")("directory"));
  if (directory instanceof Response) return directory;
  const { name } = directory;
  const removed = await removeDirectory(administrator(deps, c), { name });
  if (removed instanceof DomainError) return await directoryNotFound(deps, c);
  setNotice(deps, c, { code: "directory_removed", text: `Removed ${name}.` });
  return c.redirect(DIRECTORIES_PATH, 303);
}
